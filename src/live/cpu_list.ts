/** `0-3,8` as the kernel's cpulist format, as numbers. */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first, last] = range.split('-').map(Number)
      if (first === undefined || Number.isNaN(first)) return []
      return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i)
    })
}
