/** A name from BTF as it may be shown: nothing in it can disturb C or a terminal. */
export function plainName(name: string): string {
  return name.replace(/[^\w$.]/g, '_')
}
