/** An address as `0x` and lower-case hexadecimal digits, without padding. */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`
}
