/** 128 bits. `crypto.randomUUID` is missing on pages of http: that are not local; `getRandomValues` never is. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
