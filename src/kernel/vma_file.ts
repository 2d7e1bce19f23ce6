import { containerOf } from '../object/container_of.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { dPath } from './path.js'
import { isLinux } from './version.js'

/** The file behind a mapping, as /proc/PID/maps shows it. */
export interface MappedFile {
  /** See {@link dPath}. */
  readonly path: string
  /** `MAJOR(s_dev)` and `MINOR(s_dev)` */
  readonly major: number
  readonly minor: number
  readonly inode: bigint
}

/** What there is to show of a `struct file`, to a process whose root directory is `root`. */
export function mappedFile(kernel: Kernel, file: UntypedView, root?: UntypedView): MappedFile {
  const userPath = backingFileUserPath(kernel, file)
  const inode = userPath === undefined ? deref(file, 'f_inode') : inodeOf(userPath)
  const device = deref(inode, 'i_sb').s_dev as number
  return {
    path: dPath(kernel, userPath ?? file.f_path, root),
    major: device >>> 20,
    minor: device & 0xfffff,
    inode: inode.i_ino,
  }
}

/**
 * `backing_file_user_path(f)`: overlayfs maps the file below it. Since Linux 6.7 (08582d678fcf) the
 * path and inode of the overlay itself, which users know, are beside that file; before, its f_path was
 * that of the overlay, its inode that of the file below, and /proc showed both as they were.
 */
function backingFileUserPath(kernel: Kernel, file: UntypedView): UntypedView | undefined {
  if (!kernel.space.has('backing_file', 'user_path')) return undefined
  if ((file.f_mode & fmodeBacking(kernel)) === 0) return undefined
  return containerOf(kernel.space, file, 'backing_file', 'file').user_path
}

/** FMODE_BACKING moved with Linux 6.12 (641bb4394f40). */
function fmodeBacking(kernel: Kernel): number {
  return isLinux(kernel, 6, 12) ? 1 << 24 : 1 << 25
}

function inodeOf(path: UntypedView): UntypedView {
  return deref(deref(path, 'dentry'), 'd_inode')
}
