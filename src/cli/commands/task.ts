import { NotFoundError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import type { UntypedView } from '../../object/kernel_types.js'
import { placeAt, placeOf } from '../../object/place.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { showPointers } from '../pointers.js'
import { present, type Result } from '../present.js'
import { valueAsJson } from '../values/json.js'
import { type Showing, symbolNamer } from '../values/shown.js'
import { valueAsText } from '../values/text.js'
import { type Value, valueIn } from '../values/value.js'

/** The task_struct of a task, or members of it. */
export async function task(
  pid: number | 'self',
  paths: readonly string[],
  options: GlobalOptions,
): Promise<void> {
  using kernel = openKernel(options)
  const view = pid === 'self' ? kernel.current : findTask(kernel, pid)
  const showing = { pointer: showPointers(options), symbol: symbolNamer(kernel) }
  const result = whileAlive(kernel, view, pid, () => {
    return paths.length === 0 ? wholeTask(view, showing) : membersOf(view, paths, showing)
  })
  await present(result, options)
}

function findTask(kernel: Kernel, pid: number): UntypedView {
  const found = kernel.findTask(pid)
  if (found !== undefined) return found
  throw new NotFoundError(`no task ${pid}`, [], 'no process or thread has this PID')
}

/** Reads, and makes sure that the task did not exit meanwhile and leave its memory to others. */
function whileAlive<T>(kernel: Kernel, view: UntypedView, pid: number | 'self', read: () => T): T {
  const checkAlive = () => {
    kernel.drop()
    if (pid === 'self' || kernel.findTask(pid)?.$address === view.$address) return
    throw new NotFoundError(`no task ${pid}`, [], 'it exited while it was read')
  }
  try {
    return read()
  } finally {
    checkAlive()
  }
}

function wholeTask(view: UntypedView, showing: Showing): Result {
  const value = valueIn(view.$space, placeOf(view))
  const address = showing.pointer(view.$address)
  return {
    json: () => ({ address, type: typeOf(view), members: valueAsJson(value, showing) }),
    text: () => {
      return `*(${typeOf(view)} *)${address} = ${valueAsText(value, view.$space.btf, showing)}\n`
    },
  }
}

const typeOf = ({ $type }: UntypedView) => `${$type.kind} ${$type.name}`

function membersOf(view: UntypedView, paths: readonly string[], showing: Showing): Result {
  const found = paths.map((path) => ({ path, value: memberOf(view, path.replaceAll('->', '.')) }))
  const asJson = found.map(({ path, value }) => [path, valueAsJson(value, showing)])
  return {
    json: () => ({
      address: showing.pointer(view.$address),
      type: typeOf(view),
      members: Object.fromEntries(asJson),
    }),
    text: () => {
      const { btf } = view.$space
      const lines = found.map(({ path, value }) => {
        return `${path} = ${valueAsText(value, btf, showing)}\n`
      })
      return lines.join('')
    },
  }
}

function memberOf(view: UntypedView, path: string): Value {
  const place = placeAt(view, path)
  return 'isNull' in place ? { kind: 'nowhere', ...place } : valueIn(view.$space, place)
}
