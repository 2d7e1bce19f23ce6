import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { boot } from '../../lab/boot.mjs'
import { kernelPackage } from '../../lab/debian_kernel.mjs'
import { CACHE } from '../../lab/debian_package.mjs'
import { hashFolder } from '../../lab/kernel_module.mjs'
import { fillOnce } from '../../lab/once.mjs'
import type { Vm } from '../../lab/vm.mjs'
import type { DebianVersion } from './debian_kernel.js'
import { type End, gatherTruth, startProcesses, type Truth, whyNotTrue } from './image_truth.js'

/** Memory images of one kernel at one moment, and what the kernel itself said just before. */
export interface Image {
  /** Paths of the images: ELF with VMCOREINFO, kdump in the flattened form, and the RAM as it is. */
  readonly elf: string
  readonly kdumpZlib: string
  readonly raw: string
  /** The path of /proc/kallsyms. */
  readonly kallsyms: string
  readonly truth: Truth
}

export interface CrashedImage extends Omit<Image, 'kdumpZlib' | 'raw'> {
  /** What the guest printed on its console, the panic included. */
  readonly console: string
}

export interface ImageOptions {
  readonly kernel: DebianVersion
  readonly la57?: boolean
}

const FOLDER = join(CACHE, 'images')
const DAY = 24 * 60 * 60 * 1000

/**
 * Memory images of one of Debian's kernels, with processes and threads of many kinds, that has been
 * quiet since the truth was gathered. Made once, and kept outside of the repository.
 */
export async function image({ kernel, la57 = false }: ImageOptions): Promise<Image> {
  const name = `${await kernelPackage(kernel)}-${la57 ? 5 : 4}`
  const folder = await cached(name, (folder) => makeImage({ kernel, la57 }, folder))
  return {
    elf: join(folder, 'elf'),
    kdumpZlib: join(folder, 'kdump-zlib'),
    raw: join(folder, 'raw'),
    kallsyms: join(folder, 'kallsyms'),
    truth: JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')),
  }
}

/**
 * The memory image of a kernel that has panicked: by sysrq-c, or by writing through a NULL pointer
 * in the lab's module.
 */
export async function crashedImage({
  kernel,
  how,
}: {
  readonly kernel: DebianVersion
  readonly how: 'sysrq' | 'null'
}): Promise<CrashedImage> {
  const name = `${await kernelPackage(kernel)}-${how}`
  const folder = await cached(name, (folder) => makeCrashedImage({ kernel, how }, folder))
  return {
    elf: join(folder, 'elf'),
    kallsyms: join(folder, 'kallsyms'),
    truth: JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')),
    console: await readFile(join(folder, 'console'), 'utf8'),
  }
}

/** The folder that `make` has filled, perhaps long ago. One is made at a time. */
async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(FOLDER, `${name}-${await sources()}`)
  await fillOnce(
    folder,
    async (empty) => {
      await removeOld(empty)
      await make(empty)
    },
    `${FOLDER}.lock`,
  )
  await utimes(folder, new Date(), new Date())
  return folder
}

/** What decides what the images hold, besides the kernel. */
async function sources(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of ['lab', 'test/programs']) hash.update(await hashFolder(folder))
  for (const file of ['images', 'image_truth']) {
    hash.update(await readFile(`test/support/${file}.ts`))
  }
  return hash.digest('hex').slice(0, 16)
}

/** What nobody has asked for since yesterday, and what was never finished. */
async function removeOld(mine: string): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    const path = join(FOLDER, name)
    const unfinished = /\.\w{6}$/.test(name) && path !== mine
    const { mtimeMs } = await stat(path)
    if (unfinished || mtimeMs < Date.now() - DAY) await rm(path, { recursive: true, force: true })
  }
}

async function makeImage(options: Required<ImageOptions>, folder: string): Promise<void> {
  const vm = await boot({ ...options, memory: '512M', module: true })
  try {
    await startProcesses(vm)
    let why = await takeImage(vm, folder)
    for (let tries = 2; why !== undefined && tries > 0; tries--) why = await takeImage(vm, folder)
    if (why !== undefined) throw new Error(`the guest does not become quiet: ${why}`)
  } finally {
    await vm[Symbol.asyncDispose]()
  }
}

/** Why the image is not what it is to be; undefined if it is. */
async function takeImage(vm: Vm, folder: string): Promise<string | undefined> {
  const truth = await gather(vm, folder, 'stay')
  await vm.qmp('stop')
  await vm.dump(join(folder, 'elf'))
  await vm.dump(join(folder, 'kdump-zlib'), 'kdump-zlib')
  await vm.dump(join(folder, 'raw'), 'raw')
  await writeTruth(vm, folder, truth)
  await vm.qmp('cont')
  return whyNotTrue(vm, truth)
}

async function makeCrashedImage(
  { kernel, how }: { kernel: DebianVersion; how: 'sysrq' | 'null' },
  folder: string,
): Promise<void> {
  const commandLine = 'oops=panic panic=0'
  const vm = await boot({ kernel, memory: '512M', module: true, commandLine })
  try {
    await startProcesses(vm)
    const truth = await gather(vm, folder, how)
    await vm.panicked
    await vm.qmp('stop')
    await vm.dump(join(folder, 'elf'))
    await writeTruth(vm, folder, truth)
    await writeFile(join(folder, 'console'), vm.console)
  } finally {
    await vm[Symbol.asyncDispose]()
  }
}

async function gather(vm: Vm, folder: string, end: End) {
  const { kallsyms, ...truth } = await gatherTruth(vm, end)
  await writeFile(join(folder, 'kallsyms'), kallsyms)
  return truth
}

async function writeTruth(vm: Vm, folder: string, truth: Omit<Truth, 'registers'>): Promise<void> {
  const registers = await vm.qmp('human-monitor-command', { 'command-line': 'info registers -a' })
  await writeFile(join(folder, 'truth.json'), JSON.stringify({ ...truth, registers }))
}
