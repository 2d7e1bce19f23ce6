/** The first bytes of what general compressors write, in hexadecimal. */
const MAGICS = [
  ['1f8b08', 'gzip'],
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
  ['425a68', 'bzip2'],
  ['04224d18', 'lz4'],
  ['504b0304', 'zip'],
] as const

/** Which program made this start of a file, if it is a compressed file as a whole. */
export function compressorOf(start: Uint8Array): string | undefined {
  const digits = Array.from(start.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'))
  return MAGICS.find(([magic]) => digits.join('').startsWith(magic))?.[1]
}
