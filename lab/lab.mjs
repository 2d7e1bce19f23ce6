// @ts-check
// A throw-away virtual machine with one of Debian's kernels:
//
//   npm run lab -- [--kernel 6.12] [--la57] [--cpus N] [--memory SIZE] [--dump FILE] [-- COMMAND]
//
// Without a command it is a shell, in which modules may be loaded and kernels may crash.
import '../bin/check_node.js'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { boot } from './boot.mjs'
import { DEBIAN_VERSIONS } from './debian_kernel.mjs'

try {
  process.exitCode = await lab()
} catch (error) {
  console.error(`lab: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}

/** @returns {Promise<number>} the exit code */
async function lab() {
  const { kernel, la57, cpus, memory, dump, command } = readArguments()
  const terminal = command.length === 0
  const commandLine = terminal ? 'quiet' : ''
  const vm = await boot({ kernel, la57, cpus, memory, terminal, commandLine })
  try {
    const exitCode = await (terminal ? shell(vm) : run(vm, command))
    if (dump !== undefined) await vm.dump(resolve(dump))
    return exitCode
  } finally {
    await vm[Symbol.asyncDispose]()
  }
}

/** @param {import('./vm.mjs').Vm} vm */
function shell(vm) {
  const { rows, columns } = process.stdout
  return vm.shell(rows || 24, columns || 80)
}

/**
 * @param {import('./vm.mjs').Vm} vm
 * @param {string[]} command
 */
async function run(vm, [command = '', ...args]) {
  const { exitCode } = await vm.run(command, args, { timeout: 2 ** 31 - 1, show: true })
  return exitCode
}

function readArguments() {
  const { values, positionals } = parseArgs({
    options: {
      kernel: { type: 'string', default: '6.12' },
      la57: { type: 'boolean', default: false },
      cpus: { type: 'string', default: '2' },
      memory: { type: 'string', default: '1G' },
      dump: { type: 'string' },
    },
    allowPositionals: true,
  })
  const kernel = DEBIAN_VERSIONS.find((version) => version === values.kernel)
  if (kernel === undefined) {
    throw new Error(`no kernel ${values.kernel}: there are ${DEBIAN_VERSIONS.join(', ')}`)
  }
  return { ...values, kernel, cpus: Number(values.cpus), command: positionals }
}
