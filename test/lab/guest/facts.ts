import { findDirectMap } from '../../../src/kernel/find_vmcoreinfo.js'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { liveHints } from '../../../src/live/hints.js'

/** What ksight found out about the kernel. */
export function readFacts(kernel: Kernel) {
  return {
    errors: kernel.facts().flatMap((fact) => (fact instanceof Error ? fact.message : [])),
    initTask: kernel.initTask.$address,
    pageOffset: kernel.pageOffset,
    pageOffsetBySearch: searchPageOffset(kernel),
    kaslrOffset: kernel.kaslrOffset,
    vmcoreinfo: kernel.vmcoreinfo.text,
    vmcoreinfoAt: liveHints().vmcoreinfoPhysical,
    perCpuOffsets: kernel.cpus.map((cpu) => kernel.perCpuOffset(cpu)),
    threadSize: kernel.threadSize,
  }
}

/** As on a kernel whose symbols do not tell page_offset_base. */
function searchPageOffset({ memory, release, initTask }: Kernel): bigint {
  const next = initTask.tasks.next.$address
  return findDirectMap(memory, release, liveHints().vmcoreinfoPhysical!, () => undefined, next)
    .pageOffset.value
}
