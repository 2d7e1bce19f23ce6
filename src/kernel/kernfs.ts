import { hex } from '../bytes/hex.js'
import { InconsistentError } from '../errors.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'

/** A path is at most PATH_MAX bytes long, so it cannot have more names. */
const MAX_DEPTH = 2048

/** NAME_MAX */
const LONGEST_NAME = 255

/** `int kernfs_path(struct kernfs_node *kn, char *buf, size_t buflen)`: the path from its root. */
export function kernfsPath(node: UntypedView): string {
  const names: string[] = []
  let at = node
  for (let parent = kernfsParent(at); parent !== null; parent = kernfsParent(at)) {
    if (names.length >= MAX_DEPTH) {
      throw new InconsistentError(`no path of the kernfs node at ${hex(node.$address)}`, 'a loop')
    }
    names.push(deref(at, 'name').$string(LONGEST_NAME))
    at = parent
  }
  return `/${names.reverse().join('/')}`
}

/** `kernfs_parent(kn)`: `parent` was renamed to `__parent` in Linux 6.15 (633488947ef6). */
function kernfsParent(node: UntypedView): UntypedView | null {
  return node.$has('__parent') ? node.__parent : node.parent
}
