import { hex } from '../bytes/hex.js'
import { InconsistentError } from '../errors.js'
import { containerOf } from '../object/container_of.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import { dName, dUnlinked, isRoot, pseudoName } from './dentry.js'
import type { Kernel } from './kernel.js'
import { taskMm } from './mm.js'

/** A path has at most PATH_MAX bytes; the rest is for mounts upon mounts. */
const MAX_STEPS = 100_000

/** How often a path is put together again because a part of it was renamed meanwhile. */
const MAX_TRIES = 1000

/**
 * `char *d_path(const struct path *path, char *buf, int buflen)`: the path of a `struct path`, as the
 * links of /proc show it to a process whose root directory is `root`; without `root`, to one that
 * sees the whole of the mount namespace. Something that was unlinked has ` (deleted)` behind it.
 *
 * What is not below `root` is shown from the root of its mount namespace, something in a detached
 * mount from the root of the mount, and what is in no directory by its {@link pseudoName}.
 * Throws {@link InconsistentError} if the path changes all the time.
 */
export function dPath(kernel: Kernel, path: UntypedView, root?: UntypedView): string {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const dentry = kernel.at('dentry', deref(path, 'dentry').$address)
    const mount = deref(path, 'mnt')
    const isMountRoot = isRoot(dentry) && mount.mnt_root?.$address === dentry.$address
    const pseudo = isMountRoot ? undefined : pseudoName(dentry)
    if (pseudo !== undefined) return pseudo
    const way = wayUp(dentry, mount.$address, root)
    // Past the cache: a remembered page may be older than the name in it.
    const names = way.map((dentry) => dName(dentry, kernel.uncached)).reverse()
    if (isUnchanged(kernel, way)) {
      return `/${names.join('/')}${dUnlinked(dentry) ? ' (deleted)' : ''}`
    }
    kernel.drop()
  }
  throw new InconsistentError(
    `cannot tell the path of the dentry at ${hex(path.dentry.$address)}`,
    'parts of it are renamed all the time',
    'read it again',
  )
}

/** `prepend_path()`: the dentries from this one up, through the mounts, without the topmost. */
function wayUp(from: UntypedView, vfsmount: bigint, root: UntypedView | undefined): UntypedView[] {
  const way: UntypedView[] = []
  let dentry = from
  let mount: UntypedView = containerOf(from.$space, vfsmount, 'mount', 'mnt')
  for (let step = 0; step < MAX_STEPS; step++) {
    if (root !== undefined && isAt(root, mount, dentry)) return way
    if (dentry.$address === mount.mnt.mnt_root?.$address) {
      const above = deref(mount, 'mnt_parent')
      if (above.$address === mount.$address) return way
      dentry = deref(mount, 'mnt_mountpoint')
      mount = above
    } else {
      // Moved out of what is mounted: the kernel then shows nothing but the slash.
      if (isRoot(dentry)) return []
      way.push(dentry)
      dentry = deref(dentry, 'd_parent')
    }
  }
  throw new InconsistentError(`no path of the dentry at ${hex(from.$address)}`, 'it does not end')
}

function isAt(path: UntypedView, mount: UntypedView, dentry: UntypedView): boolean {
  const { dentry: top, mnt } = path
  return top?.$address === dentry.$address && mnt?.$address === mount.$addressOf('mnt')
}

/** A dentry that is renamed has another `d_seq` afterwards. */
function isUnchanged(kernel: Kernel, way: readonly UntypedView[]): boolean {
  const now = kernel.uncached.gather(
    way.map((dentry) => ({ address: dentry.$addressOf('d_seq.seqcount.sequence'), length: 4 })),
  )
  return now.every((bytes, i) => {
    if (!(bytes instanceof Uint8Array)) return false
    const sequence = new DataView(bytes.buffer, bytes.byteOffset).getUint32(
      0,
      kernel.types.littleEndian,
    )
    return sequence === way[i]!.d_seq.seqcount.sequence
  })
}

/**
 * The working directory of a task: the link /proc/PID/cwd, see {@link dPath}; undefined once it has
 * exited.
 */
export function taskCwd(kernel: Kernel, task: UntypedView, root?: UntypedView): string | undefined {
  return task.fs === null ? undefined : dPath(kernel, task.fs.pwd, root)
}

/** The root directory of a task: the link /proc/PID/root, see {@link dPath}. */
export function taskRoot(
  kernel: Kernel,
  task: UntypedView,
  root?: UntypedView,
): string | undefined {
  return task.fs === null ? undefined : dPath(kernel, task.fs.root, root)
}

/** The program a task executes: the link /proc/PID/exe, see {@link dPath}; kernel threads have none. */
export function taskExe(kernel: Kernel, task: UntypedView, root?: UntypedView): string | undefined {
  const file: UntypedView | null | undefined = taskMm(task)?.exe_file
  return file ? dPath(kernel, file.f_path, root) : undefined
}
