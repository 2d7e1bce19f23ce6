import { InconsistentError } from '../errors.js'
import { FlexibleArray } from '../object/flexible_array.js'
import type { UntypedView } from '../object/kernel_types.js'

/** UID_GID_MAP_MAX_BASE_EXTENTS: so many fit into the `struct uid_gid_map` itself (Linux 4.15). */
const MAX_BASE_EXTENTS = 5

/** UID_GID_MAP_MAX_EXTENTS */
const MAX_EXTENTS = 340

/** `(uid_t) -1`: what an id that a namespace does not map is translated to. */
export const INVALID_ID = 0xffffffff

/** DEFAULT_OVERFLOWUID and DEFAULT_OVERFLOWGID: "nobody". */
const OVERFLOW_ID = 65534

/**
 * `uid_t from_kuid(struct user_namespace *targ, kuid_t kuid)`: a kernel uid, which is the uid in the
 * initial user namespace, as a user namespace sees it; {@link INVALID_ID} if it has no name there.
 */
export function fromKuid(namespace: UntypedView, kuid: number): number {
  return mapIdUp(namespace.uid_map, kuid)
}

/** `gid_t from_kgid(struct user_namespace *targ, kgid_t kgid)`; see {@link fromKuid}. */
export function fromKgid(namespace: UntypedView, kgid: number): number {
  return mapIdUp(namespace.gid_map, kgid)
}

/**
 * `uid_t from_kuid_munged(struct user_namespace *targ, kuid_t kuid)`: as stat(2) and /proc show it,
 * the overflow uid if it has no name there (`/proc/sys/kernel/overflowuid`, unless changed 65534).
 */
export function fromKuidMunged(
  namespace: UntypedView,
  kuid: number,
  overflow = OVERFLOW_ID,
): number {
  const uid = fromKuid(namespace, kuid)
  return uid === INVALID_ID ? overflow : uid
}

/** `gid_t from_kgid_munged(struct user_namespace *targ, kgid_t kgid)` */
export function fromKgidMunged(
  namespace: UntypedView,
  kgid: number,
  overflow = OVERFLOW_ID,
): number {
  const gid = fromKgid(namespace, kgid)
  return gid === INVALID_ID ? overflow : gid
}

/** `u32 map_id_up(struct uid_gid_map *map, u32 id)` */
function mapIdUp(map: UntypedView, id: number): number {
  for (const { first, lower_first, count } of extentsOf(map)) {
    if (id >= lower_first && id - lower_first < count) return first + (id - lower_first)
  }
  return INVALID_ID
}

/** Few extents are part of the map; of more there are two sorted copies elsewhere. */
function extentsOf(map: UntypedView): UntypedView[] {
  const count = map.nr_extents as number
  if (count <= MAX_BASE_EXTENTS) return map.extent.slice(0, count)
  if (count > MAX_EXTENTS || map.forward === null) {
    throw new InconsistentError('cannot map an id', `a user namespace with ${count} extents`)
  }
  const { $address, $type, $space } = map.forward as UntypedView
  return new FlexibleArray<UntypedView>($space, $address, $type.id).$take(count)
}
