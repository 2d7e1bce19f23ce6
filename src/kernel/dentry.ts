import { type Memory, readBytes } from '../memory/memory.js'
import { cString } from '../object/c_string.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'

/** No name is longer than a path; directories' names end at 255 bytes, made-up ones need not. */
const LONGEST_NAME = 4096

/** Names of filesystems and of kinds of namespaces are shorter. */
const LONGEST_TYPE = 64

/** `IS_ROOT(dentry)`: the root of a filesystem, or a file that is in no directory. */
export function isRoot(dentry: UntypedView): boolean {
  return deref(dentry, 'd_parent').$address === dentry.$address
}

/** `d_unlinked(dentry)`: it cannot be looked up any more, although it has a parent. */
export function dUnlinked(dentry: UntypedView): boolean {
  return dentry.d_hash.pprev === null && !isRoot(dentry)
}

/** `dentry->d_name`: short names are part of the dentry, longer ones are kept elsewhere. */
export function dName(dentry: UntypedView, memory: Memory = dentry.$space.memory): string {
  const { d_name } = dentry
  const { $address } = deref(d_name, 'name')
  return cString(readBytes(memory, $address, Math.min(d_name.len, LONGEST_NAME)))
}

/**
 * What the filesystem calls a file that is in no directory (`dentry->d_op->d_dname()`), such as
 * `pipe:[4711]`, or undefined if it leaves that to the directories. The kernel runs the function; here
 * the filesystem's name tells which one it is.
 */
export function pseudoName(dentry: UntypedView): string | undefined {
  if (!dentry.d_op?.d_dname) return undefined
  switch (filesystemName(dentry)) {
    case 'pipefs':
      return `pipe:[${deref(dentry, 'd_inode').i_ino}]`
    case 'sockfs':
      return `socket:[${deref(dentry, 'd_inode').i_ino}]`
    case 'nsfs':
      return namespaceName(deref(dentry, 'd_inode'))
    case 'anon_inodefs':
      return `anon_inode:${dName(dentry)}`
    case 'pidfs':
      // Linux 6.9; before, pidfds were anonymous inodes.
      return 'anon_inode:[pidfd]'
    default:
      // simple_dname(): memfds, System V shared memory, aio rings and whatever is like them.
      return `/${dName(dentry)} (deleted)`
  }
}

function filesystemName(dentry: UntypedView): string {
  const type = deref(deref(dentry, 'd_sb'), 's_type')
  return deref(type, 'name').$string(LONGEST_TYPE)
}

/** `ns_dname()` */
function namespaceName(inode: UntypedView): string {
  const namespace = inode.$space.at('ns_common', deref(inode, 'i_private').$address)
  const type = deref(deref(namespace, 'ops'), 'name').$string(LONGEST_TYPE)
  return `${type}:[${inode.i_ino}]`
}
