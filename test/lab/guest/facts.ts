// Prints what ksight found out about the kernel.
import { openKernel } from '../../../src/index.js'
import { findDirectMap } from '../../../src/kernel/find_vmcoreinfo.js'
import { liveHints } from '../../../src/live/hints.js'
import { VIAS, type Via } from '../../../src/live/open_memory.js'
import { containerOf } from '../../../src/object/container_of.js'

const found = Object.fromEntries(VIAS.map((via) => [via, facts(via)]))
console.log(JSON.stringify(found, (_, value) => (typeof value === 'bigint' ? hex(value) : value)))

function facts(via: Via) {
  using kernel = openKernel({ via })
  return {
    facts: kernel.facts().map((fact) => (fact instanceof Error ? `${fact}` : fact)),
    initTask: kernel.initTask.$address,
    pageOffset: kernel.pageOffset,
    pageOffsetSearched: searchPageOffset(kernel),
    kaslrOffset: kernel.kaslrOffset,
    vmcoreinfo: kernel.vmcoreinfo.text,
    perCpuOffsets: kernel.cpus.map((cpu) => kernel.perCpuOffset(cpu)),
    threadSize: kernel.threadSize,
  }
}

/** As where the symbol page_offset_base is not known. */
function searchPageOffset({ memory, release, space, initTask }: ReturnType<typeof openKernel>) {
  const first = containerOf(space, initTask.tasks.next, 'task_struct', 'tasks').$address
  const { vmcoreinfoPhysical } = liveHints()
  return findDirectMap(memory, release, vmcoreinfoPhysical!, undefined, first).pageOffset.value
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}
