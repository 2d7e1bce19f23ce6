/** What an entry of a page table says or allows, as bits of one number whatever the architecture. */
export const WRITABLE = 1
/** User mode may reach it. */
export const USER = 2
/** User mode may execute it, if it may reach it at all. */
export const USER_EXECUTABLE = 4
export const KERNEL_EXECUTABLE = 8
export const GLOBAL = 16
export const ACCESSED = 32
export const DIRTY = 64
/** Linux keeps the page, but no access to it is allowed. */
export const NO_ACCESS = 128

/** Rights: every level must grant them. The other flags are those of the last entry. */
export const RIGHTS = WRITABLE | USER | USER_EXECUTABLE | KERNEL_EXECUTABLE

/** What a mapping allows, all levels taken together; every page can be read. */
export interface Rights {
  readonly writable: boolean
  /** Whether user mode may reach it; otherwise it is the kernel's alone. */
  readonly user: boolean
  /** By user mode where that may reach it, by the kernel elsewhere; x86 SMEP is not looked at. */
  readonly executable: boolean
}

export function rightsOf(flags: number): Rights {
  const user = (flags & USER) !== 0
  return {
    writable: (flags & WRITABLE) !== 0,
    user,
    executable: (flags & (user ? USER_EXECUTABLE : KERNEL_EXECUTABLE)) !== 0,
  }
}
