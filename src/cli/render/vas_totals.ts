import type { Totals } from '../vas/totals.js'
import { amountText } from './amount_text.js'
import { labelled } from './labelled.js'

const LABEL = 13

export function totalsText(totals: Totals, columns: number | undefined): string {
  const { mappings, files, mapped, resident, swapped, huge, hugetlb, holes, sparse } = totals
  const line = (label: string, text: string) => labelled(label.padEnd(LABEL), text, columns)
  const levels = Object.entries(totals.pageTables).map(([level, count]) => `${count} ${level}`)
  return [
    line('mapped', `${amountText(mapped)} in ${mappings} VMAs, of ${files} files`),
    line('resident', `${amountText(resident)} (${percent(resident, mapped)} of what is mapped)`),
    line('swapped', amountText(swapped)),
    huge > 0 ? line('huge pages', `${amountText(huge)} of what is resident`) : '',
    hugetlb > 0 ? line('hugetlb', amountText(hugetlb)) : '',
    line('page tables', `${amountText(totals.pageTableBytes)}: ${levels.join(', ')}`),
    line('sparse', `${holes} holes are ${sparseText(sparse)} of the user half`),
  ].join('')
}

function percent(part: number, whole: bigint): string {
  return whole === 0n ? '0 %' : `${((100 * part) / Number(whole)).toFixed(1)} %`
}

/** With as many digits as tell it from all. */
function sparseText(sparse: number): string {
  const digits = Math.min(12, Math.max(1, Math.ceil(-Math.log10(1 - sparse)) - 2))
  return `${(Math.floor(sparse * 100 * 10 ** digits) / 10 ** digits).toFixed(digits)} %`
}
