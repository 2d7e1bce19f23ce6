/** How addresses are used, by machine, size of pages and bits of addresses. */
export const LAYOUT_MODES = [
  'x86-32',
  'x86-32-pae',
  'x86-64',
  'x86-64-la57',
  'arm64-4k-39',
  'arm64-4k-48',
  'arm64-4k-52',
  'arm64-16k-36',
  'arm64-16k-47',
  'arm64-16k-48',
  'arm64-16k-52',
  'arm64-64k-42',
  'arm64-64k-48',
  'arm64-64k-52',
] as const

export type LayoutMode = (typeof LAYOUT_MODES)[number]

/** User to kernel, in GiB: CONFIG_VMSPLIT_3G, _2G and _1G. */
export const SPLITS = ['3:1', '2:2', '1:3'] as const
export type Split = (typeof SPLITS)[number]
