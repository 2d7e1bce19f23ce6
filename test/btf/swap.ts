/** A copy of a BTF blob in the other byte order: all but the names is made of numbers. */
export function swapByteOrder(blob: Uint8Array): Uint8Array {
  const swapped = Buffer.from(blob)
  const littleEndian = swapped.readUInt16LE(0) === 0xeb9f
  const header = littleEndian ? swapped.readUInt32LE(4) : swapped.readUInt32BE(4)
  const types = littleEndian ? swapped.readUInt32LE(12) : swapped.readUInt32BE(12)
  swapped.subarray(0, 2).swap16()
  swapped.subarray(4, header + types).swap32()
  return swapped
}
