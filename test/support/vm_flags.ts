/** The two letters that /proc/PID/smaps has for each flag, as proc_pid_smaps(5) lists them. */
const LETTERS: Readonly<Record<string, string>> = {
  rd: 'VM_READ',
  wr: 'VM_WRITE',
  ex: 'VM_EXEC',
  sh: 'VM_SHARED',
  mr: 'VM_MAYREAD',
  mw: 'VM_MAYWRITE',
  me: 'VM_MAYEXEC',
  ms: 'VM_MAYSHARE',
  gd: 'VM_GROWSDOWN',
  pf: 'VM_PFNMAP',
  lo: 'VM_LOCKED',
  io: 'VM_IO',
  sr: 'VM_SEQ_READ',
  rr: 'VM_RAND_READ',
  dc: 'VM_DONTCOPY',
  de: 'VM_DONTEXPAND',
  lf: 'VM_LOCKONFAULT',
  ac: 'VM_ACCOUNT',
  nr: 'VM_NORESERVE',
  ht: 'VM_HUGETLB',
  sf: 'VM_SYNC',
  ar: 'VM_ARCH_1',
  wf: 'VM_WIPEONFORK',
  dd: 'VM_DONTDUMP',
  sd: 'VM_SOFTDIRTY',
  mm: 'VM_MIXEDMAP',
  hg: 'VM_HUGEPAGE',
  nh: 'VM_NOHUGEPAGE',
  mg: 'VM_MERGEABLE',
  um: 'VM_UFFD_MISSING',
  uw: 'VM_UFFD_WP',
  ui: 'VM_UFFD_MINOR',
  ss: 'VM_SHADOW_STACK',
  dp: 'VM_DROPPABLE',
  sl: 'VM_SEALED',
}

/** The names of the flags of each mapping of /proc/PID/smaps, by its range as `START-END`. */
export function smapsFlags(text: string): Map<string, string[]> {
  const flags = new Map<string, string[]>()
  let range = ''
  for (const line of text.split('\n')) {
    if (/^[0-9a-f]+-/.test(line)) range = line.split(' ', 1)[0]!
    const letters = /^VmFlags: (.*)$/.exec(line)?.[1]
    if (letters === undefined) continue
    const names = letters.trim().split(' ')
    flags.set(
      range,
      names.map((name) => LETTERS[name] ?? name),
    )
  }
  return flags
}

/** Flags that smaps does not show as letters, or not on every kernel. */
export function isInSmaps(name: string): boolean {
  return !name.startsWith('VM_PKEY_BIT') && name !== 'VM_ALLOW_ANY_UNCACHED'
}
