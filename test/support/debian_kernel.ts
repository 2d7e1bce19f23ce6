import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { readElf } from '../../src/elf/elf.js'
import { hasTools } from './tools.js'

/**
 * Debian's kernels as test data. They are fetched by apt when first needed and kept outside of the
 * repository, in $XDG_CACHE_HOME/ksight/lab.
 */
export type DebianVersion = '6.1' | '6.12'

const META_PACKAGE: Record<DebianVersion, string> = {
  '6.1': 'linux-image-amd64',
  '6.12': 'linux-image-6.12-amd64',
}

const run = promisify(execFile)

/** Outside of the repository. */
const lab = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ksight/lab')
const aptLock = join(lab, 'apt.lock')

/** Whether this is a system on which Debian's kernels can be had. */
export const canFetchKernels = hasTools('apt-get', 'apt-cache', 'dpkg-deb', 'flock', 'xz', 'zstd')

/** The `.BTF` section of vmlinux. */
export async function debianBtf(version: DebianVersion): Promise<Uint8Array> {
  return readElf(await debianVmlinux(version), `vmlinux ${version}`).sectionBytes('.BTF')
}

/** The `.BTF` section of a module such as `overlay`: split BTF on top of {@link debianBtf}. */
export async function debianModuleBtf(version: DebianVersion, module: string): Promise<Uint8Array> {
  return readElf(await debianModule(version, module), `${module}.ko`).sectionBytes('.BTF')
}

/** A module's object file, unpacked. */
export async function debianModule(version: DebianVersion, module: string): Promise<Uint8Array> {
  const directory = await debianKernelDir(version)
  const pattern = new RegExp(`(^|/)${module}\\.ko(\\.xz|\\.zst|\\.gz)?$`)
  const files = await readdir(join(directory, 'lib/modules'), { recursive: true })
  const file = files.find((name) => pattern.test(name))
  if (file === undefined) throw new Error(`Debian's kernel ${version} has no module ${module}`)
  const bytes = await readFile(join(directory, 'lib/modules', file))
  return file.endsWith('.ko') ? bytes : decompress(bytes)
}

/** The kernel as an ELF file: stripped, but with its sections. */
export async function debianVmlinux(version: DebianVersion): Promise<Uint8Array> {
  const directory = await debianKernelDir(version)
  const cached = join(directory, 'vmlinux')
  if (!existsSync(cached)) {
    const bzImage = await readFile(await debianBzImage(version))
    const temporary = `${cached}.${randomUUID()}`
    await writeFile(temporary, await decompress(kernelPayload(bzImage)))
    await rename(temporary, cached)
  }
  return readFile(cached)
}

/** The path of the kernel image that a boot loader starts. */
async function debianBzImage(version: DebianVersion): Promise<string> {
  const boot = join(await debianKernelDir(version), 'boot')
  const name = (await readdir(boot)).find((file) => file.startsWith('vmlinuz-'))
  if (name === undefined) throw new Error(`no vmlinuz in ${boot}`)
  return join(boot, name)
}

/** The directory that holds the files of the kernel's package: boot/, lib/modules/ and so on. */
export async function debianKernelDir(version: DebianVersion): Promise<string> {
  const name = await kernelPackage(version)
  const directory = join(lab, name)
  if (!existsSync(directory)) {
    await mkdir(lab, { recursive: true })
    await fetchPackage(name, directory)
  }
  return directory
}

const packages = new Map<DebianVersion, Promise<string>>()

/** The package that the newest kernel of this version is in; asking apt takes a second. */
function kernelPackage(version: DebianVersion): Promise<string> {
  const known = packages.get(version) ?? findPackage(META_PACKAGE[version])
  packages.set(version, known)
  return known
}

async function findPackage(meta: string, lists = 'as they are'): Promise<string> {
  const { stdout } = await run('apt-cache', ['depends', '--important', meta]).catch(() => ({
    stdout: '',
  }))
  const name = /Depends: (linux-image-\d\S+)/.exec(stdout)?.[1]
  if (name !== undefined) return name
  if (lists === 'updated') throw new Error(`apt knows no package ${meta}`)
  await mkdir(lab, { recursive: true })
  await run('flock', [aptLock, 'apt-get', 'update', '-qq'])
  return findPackage(meta, 'updated')
}

/** Test workers run at once: the first one fetches, the others wait for its lock. */
async function fetchPackage(name: string, directory: string): Promise<void> {
  const temporary = await mkdtemp(`${directory}.`)
  const script = `
    test -d "$3" && exit
    cd "$2"
    apt-get download -qq "$1" ||
      { flock "$4" apt-get update -qq && apt-get download -qq "$1"; }
    dpkg-deb -x ./*.deb root && mv -T root "$3"`
  try {
    const args = [name, temporary, directory, aptLock]
    await run('flock', [`${directory}.lock`, 'sh', '-ec', script, 'sh', ...args])
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

const GZIP = 0x8b1f

/** The compressed vmlinux within a bzImage, found by its setup header (boot protocol 2.08). */
function kernelPayload(bzImage: Buffer): Buffer {
  if (bzImage.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new Error('not a bzImage')
  const setupSectors = bzImage[0x1f1]! || 4
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248)
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c))
  // The kernel's build appends the unpacked size, unless the format ends with it anyway.
  return payload.readUInt16LE(0) === GZIP ? payload : payload.subarray(0, -4)
}

async function decompress(bytes: Buffer): Promise<Buffer> {
  const magic = bytes.readUInt32LE(0)
  if (magic === 0x587a37fd) return pipe('xz', ['-dc'], bytes)
  if (magic === 0xfd2fb528) return pipe('zstd', ['-dcq'], bytes)
  if ((magic & 0xffff) === GZIP) return gunzipSync(bytes)
  throw new Error(`unknown compression, magic ${magic.toString(16)}`)
}

function pipe(command: string, args: readonly string[], input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output))
      else reject(new Error(`${command} ended with ${code}`))
    })
    // A decompressor that stops reading early is no error; its exit status says what is.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
