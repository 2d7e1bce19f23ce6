const UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E'] as const

/**
 * Bytes as people read them, in at most five characters: `4K`, `1.5M`, `127T`. What is not shown is cut off,
 * not rounded: what is less than whole never looks whole.
 */
export function amountText(bytes: bigint | number): string {
  let value = Number(bytes)
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const shown = value < 100 ? Math.floor(value * 10) / 10 : Math.floor(value)
  return `${shown}${UNITS[unit]}`
}
