// @ts-check
import { parseArgs } from 'node:util'
import { DEBIAN_VERSIONS } from './debian_kernel.mjs'
import { DUMP_FORMATS } from './vm.mjs'

export const USAGE = `usage: npm run lab -- [OPTION]... [-- COMMAND [ARGUMENT]...]

Boots one of Debian's kernels in a throw-away virtual machine, whose files are those of this machine:
what is written there is gone afterwards. Runs COMMAND in it and exits as that does; without one, it
is a shell, in which modules may be loaded and kernels may crash.

  --kernel VERSION  ${DEBIAN_VERSIONS.join(' or ')}; ${DEBIAN_VERSIONS.at(-1)} unless given
  --la57            with 5-level paging
  --cpus N          2 unless given
  --memory SIZE     1G unless given; M and G are understood
  --module          with the lab's own module loaded: tasks, walk, facts, crash in /proc/ksight_lab
  --dump FILE       writes a memory image in the end, also when the kernel has crashed
  --format FORMAT   of the image: ${DUMP_FORMATS.join(', ')}; elf unless given
  --help            shows this
`

/** What is wrong with the arguments, in one line. */
export class UsageError extends Error {}

/**
 * What the command line asks for; undefined if it asks for help.
 * @param {string[]} args
 */
export function readArguments(args) {
  const { values, positionals } = parse(args)
  if (values.help) return undefined
  const { la57, module, memory, dump } = values
  if (!/^[1-9]\d*[MG]$/.test(memory)) throw new UsageError(`no size of memory: ${memory}`)
  if (!/^[1-9]\d*$/.test(values.cpus)) throw new UsageError(`no number of CPUs: ${values.cpus}`)
  return {
    ...{ la57, module, memory, dump, command: positionals },
    kernel: oneOf(DEBIAN_VERSIONS, 'kernel', values.kernel),
    format: oneOf(DUMP_FORMATS, 'format', values.format),
    cpus: Number(values.cpus),
  }
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        kernel: { type: 'string', default: DEBIAN_VERSIONS.at(-1) ?? '' },
        la57: { type: 'boolean', default: false },
        cpus: { type: 'string', default: '2' },
        memory: { type: 'string', default: '1G' },
        module: { type: 'boolean', default: false },
        dump: { type: 'string' },
        format: { type: 'string', default: 'elf' },
        help: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : `${error}`)
  }
}

/**
 * @template T
 * @param {readonly T[]} all
 * @param {string} what
 * @param {string} wanted
 * @returns {T}
 */
function oneOf(all, what, wanted) {
  const found = all.find((one) => one === wanted)
  if (found === undefined) throw new UsageError(`no ${what} ${wanted}: there are ${all.join(', ')}`)
  return found
}
