import { UnsupportedError } from '../errors.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import { kernfsPath } from './kernfs.js'
import { listForEachEntry } from './list.js'
import { PF } from './pf_flags.js'

/** `enum { CSS_ONLINE = (1 << 1) }` of include/linux/cgroup-defs.h. */
const CSS_ONLINE = 2

/** `cgrp_dfl_root.hierarchy_id`: the hierarchy of cgroup v2 is always 0. */
const DEFAULT_HIERARCHY = 0

/** A task's cgroup in one hierarchy; a line of /proc/PID/cgroup. */
export interface TaskCgroup {
  /** 0 is the default hierarchy, that of cgroup v2; the others are of cgroup v1. */
  readonly hierarchy: number
  /** The controllers of a v1 hierarchy, by the names of v1. */
  readonly controllers: readonly string[]
  /** The name of a v1 hierarchy, such as `systemd`. */
  readonly name: string
  /** From the root of the hierarchy. */
  readonly path: string
}

/**
 * The path of a task's cgroup in the default hierarchy (cgroup v2): `0::` of /proc/PID/cgroup, yet
 * from the root of the hierarchy, where /proc starts at the cgroup namespace of its reader. A
 * cgroup that is removed while its zombies remain has ` (deleted)` behind its path.
 */
export function taskCgroupPath(task: UntypedView): string {
  return cgroupPath(deref(deref(task, 'cgroups'), 'dfl_cgrp'))
}

/**
 * The cgroups of a task in all hierarchies, v1 by descending number, v2 last; from the roots, see
 * {@link taskCgroupPath}. The default hierarchy is always among them: /proc leaves it out until cgroup
 * v2 has been mounted. Mirrors `proc_cgroup_show()`.
 */
export function taskCgroups(task: UntypedView): TaskCgroup[] {
  const set = deref(task, 'cgroups')
  const found: TaskCgroup[] = [describe(task, deref(set, 'dfl_cgrp'))]
  const links = set.$addressOf('cgrp_links')
  for (const link of listForEachEntry(task.$space, links, 'cgrp_cset_link', 'cgrp_link')) {
    // Threaded cgroups of v2 may be linked beside dfl_cgrp.
    const cgroup = deref(link, 'cgrp')
    if (!isDefault(cgroup)) found.push(describe(task, cgroup))
  }
  return found.sort((a, b) => b.hierarchy - a.hierarchy)
}

function isDefault(cgroup: UntypedView): boolean {
  return deref(cgroup, 'root').hierarchy_id === DEFAULT_HIERARCHY
}

function describe(task: UntypedView, cgroup: UntypedView): TaskCgroup {
  const { hierarchy_id: hierarchy, subsys_mask, name } = deref(cgroup, 'root')
  const controllers = isDefault(cgroup) ? [] : legacyNames(cgroup, subsys_mask)
  // In v1, tasks that exit belong to the root.
  const gone = !isDefault(cgroup) && (task.flags & PF.PF_EXITING) !== 0
  return { hierarchy, controllers, name, path: gone ? '/' : cgroupPath(cgroup) }
}

function cgroupPath(cgroup: UntypedView): string {
  const path = kernfsPath(deref(cgroup, 'kn'))
  const isDead = isDefault(cgroup) && (cgroup.self.flags & CSS_ONLINE) === 0
  return isDead ? `${path} (deleted)` : path
}

/** The controllers in a mask: `enum cgroup_subsys_id` names them in the order of their bits. */
function legacyNames(cgroup: UntypedView, mask: number): string[] {
  const ids = cgroup.$space.btf.find('cgroup_subsys_id', 'enum')
  if (ids === undefined) {
    throw new UnsupportedError('cannot name the controllers', 'BTF has no enum cgroup_subsys_id')
  }
  return ids.values
    .filter(({ name, value }) => name.endsWith('_cgrp_id') && ((mask >>> Number(value)) & 1) === 1)
    .map(({ name }) => name.slice(0, -'_cgrp_id'.length))
    .map((name) => (name === 'io' ? 'blkio' : name))
}
