import { KsightError } from '../errors.js'
import type { Fact } from '../kernel/fact.js'
import type { GlobalOptions } from './options.js'
import { showMessage, showPointers } from './pointers.js'

/** How something about the kernel was found out, for `--debug`. */
export function describeFact(fact: Fact<unknown> | Error, options: GlobalOptions): string {
  if (fact instanceof KsightError) return showMessage(fact.message, options)
  if (fact instanceof Error) return showMessage(fact.stack ?? fact.message, options)
  const { name, value, how, checked } = fact
  const shown = shownValue(value, options)
  return showMessage(`${name}${shown}: from ${how}; checked: ${checked}`, options)
}

function shownValue(value: unknown, options: GlobalOptions): string {
  if (typeof value === 'bigint') return ` ${showPointers(options)(value)}`
  return typeof value === 'number' ? ` ${value}` : ''
}
