declare module 'fs-native-extensions' {
  /**
   * Locks the whole file for this open file description.
   *
   * @returns false when another open file description holds it, in this process or in another
   */
  export function tryLock(fd: number): boolean
}
