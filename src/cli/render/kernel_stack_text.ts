import type { ShownFrame, ShownRegisters, ShownStack } from '../shown_stack.js'
import type { Page } from '../terminal.js'
import { printable } from './printable.js'

/** Kernel stacks as text, much as an oops shows them: where the stack changes, its name is in brackets. */
export function stacksText(stacks: readonly ShownStack[], page: Page): string {
  return stacks.map((stack) => stackText(stack, page)).join('\n')
}

function stackText(stack: ShownStack, { style }: Page): string {
  const { pid, comm, cpu, task, frames, end, userRegisters } = stack
  const lines = [style.bold(`PID ${pid}  ${printable(comm)}  CPU ${cpu}  task ${task}`)]
  let on: string | null = null
  frames.forEach((frame, i) => {
    if (frame.stack !== on) {
      on = frame.stack
      lines.push(style.dim(`  <${on ?? 'on no known stack'}>`))
    }
    lines.push(...registerLines(frame.registers).map(style.dim), frameLine(frame, i))
  })
  if (end.reason === 'user mode') lines.push(style.dim('  <user space>'))
  lines.push(...registerLines(userRegisters).map(style.dim))
  if (end.message !== '') lines.push(`  ${end.reason}: ${printable(end.message)}`)
  return `${lines.join('\n')}\n`
}

function frameLine({ sp, ip, reliable, ...frame }: ShownFrame, i: number): string {
  const place = printable(frame.function ?? ip)
  return `  ${`#${i}`.padEnd(4)}[${sp}] ${reliable ? '' : '? '}${place}`
}

/** In the order of an oops. */
const REGISTERS = [
  ['ip', 'sp', 'flags', 'orig_ax'],
  ['ax', 'bx', 'cx'],
  ['dx', 'si', 'di'],
  ['bp', 'r8', 'r9'],
  ['r10', 'r11', 'r12'],
  ['r13', 'r14', 'r15'],
  ['cs', 'ss'],
]

const SELECTORS = new Set(['cs', 'ss'])

function registerLines(registers: ShownRegisters | null): string[] {
  if (registers === null) return []
  const shown = (name: string) => {
    const digits = registers[name]!.slice(SELECTORS.has(name) ? -4 : 2)
    return `${longName(name).padStart(8)}: ${digits}`
  }
  const lines = REGISTERS.map((names) => names.filter((name) => registers[name]).map(shown))
  return lines.filter((line) => line.length > 0).map((line) => `  ${line.join('  ')}`)
}

/** As the processor's manual names it. */
function longName(name: string): string {
  if (name === 'flags') return 'RFLAGS'
  if (name === 'orig_ax') return 'ORIG_RAX'
  return /^r\d|^.s$/.test(name) ? name.toUpperCase() : `R${name.toUpperCase()}`
}
