import { readFileSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import { nearestNames } from '../bytes/nearest.js'
import { UsageError } from '../errors.js'
import { LAYOUT_MODES, SPLITS } from '../kernel/layout/modes.js'
import {
  type GlobalOptions,
  parseAddress,
  parseCount,
  parseLevels,
  parseLocation,
  parsePid,
  parseSeconds,
  VIAS,
} from './options.js'
import { LOG_TIMES } from './render/log_time.js'
import { POINTER_MODES } from './render/pointers.js'
import { writeErr, writeOut } from './stdio.js'

/** How often `--watch` looks where it is not told, as watch(1) does. */
const WATCH_SECONDS = 2

const EPILOGUE = `
Without root (CAP_BPF and CAP_PERFMON), count, ps and threads show what /proc tells.
Exit status: 0 if all is well, also where nobody reads the output to its end;
1 if something could not be shown; 2 for wrong usage.`

/** The command line. What a command does is loaded when it runs, as loading takes its time. */
export function createProgram(): Command {
  const program = new Command('ksight')
    .description('Shows what is inside a Linux kernel: the running one, or a memory image.')
    .version(version(), '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EPILOGUE)
    .configureOutput({ writeOut, writeErr, outputError: () => {} })
    .exitOverride()
  addGlobalOptions(program)
  addOverview(program)
  addTaskLists(program)
  addTask(program)
  addMemory(program)
  addStacks(program)
  addStack(program)
  addTypesAndSymbols(program)
  addLayout(program)
  addTranslate(program)
  addLog(program)

  return program
}

function version(): string {
  const url = new URL('../../package.json', import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')).version
}

function addGlobalOptions(program: Command): void {
  program
    .option('--json', 'print one JSON document')
    .addOption(
      new Option('--pointers <how>', 'show kernel addresses so (default: as %pK does)').choices(
        POINTER_MODES,
      ),
    )
    .option(
      '-c <file>',
      'look into a memory image; again for each further file of a split one',
      also,
    )
    .addOption(
      new Option('--via <way>', 'read kernel memory so (default: bpf, then kcore)').choices(VIAS),
    )
    .option('--vmlinux <file>', 'take from the kernel of an image what the image lacks')
    .option('--system-map <file>', 'take the symbols of an image from here')
    .option('--btf <file>', 'take the types of an image from here')
    .option('--no-color', 'do without colours, as with NO_COLOR in the environment')
    .option('--debug', 'tell how facts about the kernel were found, and where errors come from')
}

/** Collects the values of an option that may be given more than once. */
const also = (value: string, before: readonly string[] = []) => [...before, value]

function addOverview(program: Command): void {
  program
    .argument('[command...]')
    .usage('[options] [command]')
    .helpCommand('help [command]', 'how a command is used')
    .action(async ([name]: string[]) => {
      if (name !== undefined) throw unknownCommand(program, name)
      const { overview } = await import('./commands/overview.js')
      await overview(program.opts<GlobalOptions>())
    })
}

function unknownCommand(program: Command, name: string): UsageError {
  const [nearest] = nearestNames(
    name,
    program.commands.map((command) => command.name()),
  )
  const todo = nearest === undefined ? 'see ksight --help' : `did you mean ${nearest}?`
  return new UsageError(`unknown command ${JSON.stringify(name)}`, 'there is none', todo)
}

function addTaskLists(program: Command): void {
  watched(program.command('count'))
    .summary('how many processes and threads there are')
    .action(async (_options, command: Command) => {
      const { count } = await import('./commands/count.js')
      await count(command.optsWithGlobals())
    })
  watched(program.command('ps'))
    .summary('every process')
    .option('--tree', 'each below its parent')
    .action(async (_options, command: Command) => {
      const { ps } = await import('./commands/ps.js')
      await ps(command.optsWithGlobals())
    })
  watched(program.command('threads'))
    .summary('every thread, with its task_struct and its kernel stack')
    .addArgument(new Argument('[pid]', 'only those of this process').argParser(parsePid))
    .action(async (pid: number | undefined, _options, command: Command) => {
      const { threads } = await import('./commands/threads.js')
      await threads(pid, command.optsWithGlobals())
    })
}

function addTask(program: Command): void {
  program
    .command('task')
    .summary('the task_struct of a process or thread, or members of it')
    .addArgument(new Argument('<pid>', 'or self').argParser(parsePidOrSelf))
    .argument('[member...]', 'such as comm, mm.pgd, cred.euid.val, signal.rlim[3]')
    .action(async (pid: number | 'self', members: string[], _options, command: Command) => {
      const { task } = await import('./commands/task.js')
      await task(pid, members, command.optsWithGlobals())
    })
}

function addMemory(program: Command): void {
  program
    .command('vas')
    .summary('the address space of a process, and the kernel’s half, to scale')
    .addArgument(new Argument('<pid>', 'of a process or thread').argParser(parsePid))
    .option('--user', 'only the half of the process')
    .option('--kernel', 'only the half of the kernel')
    .addOption(
      new Option(
        '--locate <addr[,len]>',
        'mark what is at a hexadecimal address, and in the bytes that follow',
      ).argParser(parseLocation),
    )
    .option('--csv <file>', 'also write all parts as comma-separated values')
    .action(async (pid: number, _options, command: Command) => {
      const { vas } = await import('./commands/vas.js')
      await vas(pid, command.optsWithGlobals())
    })
  program
    .command('mem')
    .summary('what memory a process has, as the kernel counts and as its page tables say')
    .addArgument(new Argument('<pid>', 'of a process or thread').argParser(parsePid))
    .action(async (pid: number, _options, command: Command) => {
      const { mem } = await import('./commands/mem.js')
      await mem(pid, command.optsWithGlobals())
    })
}

function addStacks(program: Command): void {
  program
    .command('bt')
    .summary('the kernel stack of a task, or of what each CPU of an image was doing')
    .addArgument(new Argument('[pid]', 'of this task').argParser(parsePid))
    .action(async (pid: number | undefined, _options, command: Command) => {
      const { bt } = await import('./commands/bt.js')
      await bt(pid, command.optsWithGlobals())
    })
}

function addStack(program: Command): void {
  program
    .command('stack')
    .summary('both stacks of every thread of a process, none of which is stopped')
    .addArgument(new Argument('[pid...]', 'processes, or single threads').argParser(parsePids))
    .option('-a, --all', 'every process')
    .option('--user', 'only the user stacks')
    .option('--kernel', 'only the kernel stacks')
    .option('--each', 'every thread by itself, also where many have the same stacks')
    .option('--reverse', 'outermost frames first')
    .option('--folded', 'a line for each different stack, as flame graph tools read them')
    .action(async (pids: number[], _options, command: Command) => {
      const { stack } = await import('./commands/stack.js')
      await stack(pids, command.optsWithGlobals())
    })
}

/** Collects the values of an argument that may be given more than once. */
const parsePids = (text: string, before: readonly number[] = []) => [...before, parsePid(text)]

function addTypesAndSymbols(program: Command): void {
  program
    .command('type')
    .summary('a type as C, with offsets and sizes')
    .argument('[name...]', 'such as task_struct, struct file, pid_t, vfs_read')
    .option('--header', 'all types as one C header')
    .option('--dts', 'all types as TypeScript declarations')
    .action(async (name: string[], _options, command: Command) => {
      const { type } = await import('./commands/type.js')
      await type(name, command.optsWithGlobals())
    })
  program
    .command('sym')
    .summary('the address of a symbol, or the symbol at an address')
    .argument('<what>', 'such as vfs_read, 0xffffffff81000000, vfs_read+0x10')
    .action(async (what: string, _options, command: Command) => {
      const { sym } = await import('./commands/sym.js')
      await sym(what, command.optsWithGlobals())
    })
}

function addLayout(program: Command): void {
  program
    .command('layout')
    .summary('what the virtual addresses are set aside for: the VM split')
    .addOption(
      new Option('--mode <mode>', 'as the sources of Linux have it, for no kernel').choices(
        LAYOUT_MODES,
      ),
    )
    .addOption(new Option('--split <ratio>', 'user to kernel, in GiB; for x86-32').choices(SPLITS))
    .action(async (_options, command: Command) => {
      const { layout } = await import('./commands/layout.js')
      await layout(command.optsWithGlobals())
    })
}

function addTranslate(program: Command): void {
  program
    .command('translate')
    .summary('an address taken apart, and walked through the page tables')
    .addArgument(new Argument('[address]', 'such as 0x7ffd1b2c3d40').argParser(parseAddress))
    .addOption(
      new Option('-p, --pid <pid>', 'in the address space of this process').argParser(parsePid),
    )
    .option('--all', 'sum up every page that is mapped for the process')
    .option('--rmap', 'also which processes map the page, by the page tables of all')
    .option('--mode <name>', 'only take it apart, in this paging mode, without a kernel')
    .action(async (address: bigint | undefined, _options, command: Command) => {
      const { translate } = await import('./commands/translate.js')
      await translate(address, command.optsWithGlobals())
    })
}

function addLog(program: Command): void {
  program
    .command('log')
    .summary('the kernel log, as dmesg prints it')
    .addOption(
      new Option('-l, --level <names>', 'only these levels, such as err,warn').argParser(
        parseLevels,
      ),
    )
    .addOption(new Option('-n, --tail <count>', 'only the last messages').argParser(parseCount))
    .addOption(new Option('--time <format>', 'show the time so').choices(LOG_TIMES).default('raw'))
    .option('-x, --decode', 'name facility and level')
    .option('--all', 'also what dmesg hides: the cleared, and one that is not finished')
    .action(async (_options, command: Command) => {
      const { log } = await import('./commands/log.js')
      await log(command.optsWithGlobals())
    })
}

const parsePidOrSelf = (text: string) => (text === 'self' ? text : parsePid(text))

function watched(command: Command): Command {
  return command
    .addOption(
      new Option('--walk <way>', 'find tasks so (default: iterator)').choices(['iterator', 'list']),
    )
    .addOption(
      new Option(
        '--watch [seconds]',
        `show it again and again, by default every ${WATCH_SECONDS} s`,
      )
        .preset(String(WATCH_SECONDS))
        .argParser(parseSeconds),
    )
}
