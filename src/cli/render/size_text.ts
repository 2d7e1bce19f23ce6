const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** A size that is a power of two, in the largest unit that it is a multiple of. */
export function sizeText(size: number): string {
  const unit = Math.min(Math.floor(Math.log2(size) / 10), UNITS.length - 1)
  return `${size / 1024 ** unit} ${UNITS[unit]}`
}
