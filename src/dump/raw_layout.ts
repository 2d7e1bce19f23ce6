import type { ByteSource } from '../bytes/byte_source.js'
import { hex } from '../bytes/hex.js'
import { InconsistentError, KsightError } from '../errors.js'
import type { Kernel } from '../kernel/kernel.js'
import { variableAddress } from '../kernel/variable.js'
import type { Dump } from './dump.js'
import { openRaw, qemuGaps } from './raw.js'

/** The firmware keeps something at the end of RAM, such as its ACPI tables, for itself. */
const MOST_RESERVED = 1n << 24n

const PAGE_SHIFT = 12n

/**
 * The kernel in a raw file, which does not say where in physical memory its bytes belong: without or
 * with one of the gaps for devices that virtual machines have. The kernel knows where its RAM ends.
 */
export function kernelInRawFile(
  source: ByteSource,
  plain: Dump,
  open: (dump: Dump) => Kernel,
): Kernel {
  const gaps = qemuGaps(source.size)
  if (gaps.length === 0) return open(plain)
  const failures: KsightError[] = []
  for (const dump of [plain, ...gaps.map((gap) => openRaw(source, gap))]) {
    try {
      const kernel = open(dump)
      checkEnd(kernel, dump, source.name)
      return kernel
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      failures.push(error)
    }
  }
  throw failures[0]!
}

/** `max_pfn`: the page behind the last one of RAM. Where no symbol tells it, what opens is taken. */
function checkEnd(kernel: Kernel, dump: Dump, name: string): void {
  const address = variableAddress(kernel, 'max_pfn')
  if (address === undefined) return
  const bytes = new Uint8Array(8)
  kernel.memory.read(address, bytes)
  const pages = new DataView(bytes.buffer).getBigUint64(0, kernel.types.littleEndian)
  const known = pages << PAGE_SHIFT
  const last = dump.ranges.at(-1)
  const end = last === undefined ? 0n : last.address + last.length
  if (known <= end && end - known <= MOST_RESERVED) return
  throw new InconsistentError(
    `cannot tell where the memory in ${name} belongs`,
    `its kernel has RAM up to ${hex(known)}, and the file up to ${hex(end)}`,
    'it may be cut off, or of a machine whose gaps are not known',
  )
}
