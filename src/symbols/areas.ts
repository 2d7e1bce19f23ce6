/** Addresses from `start` up to but not including `end`. */
export interface AddressRange {
  readonly start: bigint
  readonly end: bigint
}

/**
 * Where the kernel image lies, from the symbols that mark it. A kernel with all of its symbols
 * (CONFIG_KALLSYMS_ALL) lists the end of its data; any other one the ends of its functions, those for
 * initialisation apart.
 */
export function imageAreas(addressOf: (name: string) => bigint | undefined): AddressRange[] {
  const area = (startName: string, endName: string): AddressRange[] => {
    const start = addressOf(startName)
    const end = addressOf(endName)
    return start === undefined || end === undefined ? [] : [{ start, end }]
  }
  const whole = area('_stext', '_end')
  return whole.length > 0
    ? whole
    : [...area('_stext', '_etext'), ...area('_sinittext', '_einittext')]
}

/**
 * Where the modules lie, from the text of /proc/modules: lines of name, size, references, users,
 * state and address. Since Linux 6.4 (ac3b43283923) the parts of a module lie apart, the size is
 * their sum and the address is that of the functions.
 */
export function moduleAreas(text: string): AddressRange[] {
  const lines = text.matchAll(/^\S+ (\d+) \S+ \S+ \S+ 0x([0-9a-f]+)/gm)
  return Array.from(lines, ([, size, address]) => {
    const start = BigInt(`0x${address}`)
    return { start, end: start + BigInt(size!) }
  })
}
