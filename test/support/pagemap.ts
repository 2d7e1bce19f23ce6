import { closeSync, openSync, readSync } from 'node:fs'

/** An entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst). */
export interface PagemapEntry {
  readonly present: boolean
  readonly swapped: boolean
  /** Where present. */
  readonly pfn: bigint
  /** Where swapped. */
  readonly swapType: number
  readonly swapOffset: bigint
}

/** The entries of `pages` pages from an address on, as the kernel writes them. */
export function readPagemap(pid: number, address: bigint, pages: number): BigUint64Array {
  return readWords(`/proc/${pid}/pagemap`, address >> 12n, pages)
}

export function pagemapEntry(entry: bigint): PagemapEntry {
  return {
    present: entry >> 63n === 1n,
    swapped: ((entry >> 62n) & 1n) === 1n,
    pfn: entry & ((1n << 55n) - 1n),
    swapType: Number(entry & 31n),
    swapOffset: (entry >> 5n) & ((1n << 50n) - 1n),
  }
}

/** The 64-bit words of /proc/kpageflags and the like, one for each page frame. */
export function readWords(path: string, first: bigint, count: number): BigUint64Array {
  const words = new BigUint64Array(count)
  const fd = openSync(path, 'r')
  try {
    const bytes = new Uint8Array(words.buffer)
    let done = 0
    while (done < bytes.length) {
      const read = readSync(fd, bytes, done, bytes.length - done, Number(first) * 8 + done)
      if (read === 0) throw new Error(`${path} ends too soon`)
      done += read
    }
    return words
  } finally {
    closeSync(fd)
  }
}
