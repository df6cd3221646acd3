/**
 * `localStorage`, looked up each time: where a browser forbids it, the word alone throws, and in Node it may not
 * be there.
 */
export const pageStorage = {
  getItem: (key: string): string | null => localStorage.getItem(key),
  setItem: (key: string, value: string): void => localStorage.setItem(key, value),
  removeItem: (key: string): void => localStorage.removeItem(key),
}
