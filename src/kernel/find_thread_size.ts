import { UnsupportedError } from '../errors.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'
import type { Fact } from './fact.js'

const PAGE_SIZE = 4096

/**
 * THREAD_SIZE, the bytes of a kernel stack: the size of `union thread_union`, where BTF has it, or
 * the pages of the area in which a task's stack was mapped (CONFIG_VMAP_STACK, Linux 4.9).
 */
export function findThreadSize(space: ObjectSpace, task: UntypedView): Fact<number> {
  const name = 'THREAD_SIZE'
  const union = space.btf.find('thread_union', 'union')
  const area = task.$has('stack_vm_area') ? task.stack_vm_area : null
  const mapped: number | undefined = area === null ? undefined : area.nr_pages * PAGE_SIZE
  const value = union?.size ?? mapped
  if (value === undefined) {
    throw new UnsupportedError(
      'cannot tell THREAD_SIZE',
      'BTF has no thread_union, and stacks are not mapped one by one',
    )
  }
  if ((mapped !== undefined && mapped !== value) || (value & (value - 1)) !== 0) {
    throw new UnsupportedError('cannot tell THREAD_SIZE', `${value} does not fit a stack's area`)
  }
  return {
    name,
    value,
    how: union === undefined ? 'pages of stack_vm_area of the first task' : 'size of thread_union',
    checked: mapped === undefined ? 'it is a power of two' : 'a stack is mapped with so many pages',
  }
}
