const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** A number of bytes in the largest unit that it has one of, with one digit behind the point if need be. */
export function sizeText(bytes: bigint): string {
  let index = 0
  while (index + 1 < UNITS.length && bytes >> BigInt(10 * (index + 1)) > 0n) index++
  const unit = 1n << BigInt(10 * index)
  const tenths = (bytes * 10n + unit / 2n) / unit
  const fraction = tenths % 10n === 0n ? '' : `.${tenths % 10n}`
  return `${tenths / 10n}${fraction} ${UNITS[index]}`
}
