/** A time in nanoseconds since 1970 as ISO 8601 has it, in UTC, with milliseconds. */
export function utcTime(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / 1_000_000n)).toISOString()
}
