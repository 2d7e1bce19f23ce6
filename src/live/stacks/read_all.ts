import type { Fd } from '../../linux/fd.js'

/** The kernel hands over at most 8 pages per read. */
const READ_SIZE = 8 * 4096

/** Everything that an iteration writes. */
export function readAll(fd: Fd): Uint8Array<ArrayBuffer> {
  let all = new Uint8Array(READ_SIZE * 4)
  for (let length = 0; ; ) {
    if (all.length - length < READ_SIZE) {
      const larger = new Uint8Array(all.length * 2)
      larger.set(all)
      all = larger
    }
    const count = fd.read(all.subarray(length, length + READ_SIZE))
    if (count === 0) return all.subarray(0, length)
    length += count
  }
}
