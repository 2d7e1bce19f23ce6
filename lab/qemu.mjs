// @ts-check
import { spawn } from 'node:child_process'

/** The file descriptors of QEMU that are sockets to this process. */
export const AGENT_FD = 3
export const QMP_FD = 4

/**
 * @typedef {object} Machine
 * @property {string} kernel path of the kernel image
 * @property {string} initramfs path of the archive
 * @property {string} share path of the folder that the guest may write to
 * @property {number} cpus
 * @property {string} memory such as `1G`
 * @property {boolean} la57 5-level paging
 * @property {string} commandLine of the kernel
 */

/**
 * Starts QEMU; the kernel ends it when this process ends, whatever the reason.
 * @param {Machine} machine
 * @param {'pipe' | 'inherit'} console what becomes of the guest's serial console
 */
export function startQemu(machine, console) {
  const qemu = ['qemu-system-x86_64', ...qemuArgs(machine)]
  return spawn('setpriv', ['--pdeathsig', 'KILL', ...qemu], {
    stdio: [console, console, console, 'pipe', 'pipe'],
  })
}

/** @param {Machine} machine */
function qemuArgs({ kernel, initramfs, share, cpus, memory, la57, commandLine }) {
  const cpu = la57 ? 'max' : 'max,la57=off'
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    // A guest that has ended, or would start again, stays as it is: its memory can be dumped.
    ...['-no-reboot', '-no-shutdown'],
    // The memory is a shared anonymous file, so that the host can read it as a raw image.
    ...['-object', `memory-backend-memfd,id=ram,size=${memory},share=on`],
    ...['-machine', 'q35,memory-backend=ram', '-m', memory],
    ...['-accel', 'tcg,thread=multi', '-cpu', cpu, '-smp', `${cpus}`],
    ...['-kernel', kernel, '-initrd', initramfs, '-append', `console=ttyS0 ${commandLine}`],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=agent,fd=${AGENT_FD}`, '-serial', 'chardev:agent'],
    ...['-chardev', `socket,id=qmp,fd=${QMP_FD}`, '-qmp', 'chardev:qmp'],
    // With it, a memory dump has the VMCOREINFO note.
    ...['-device', 'vmcoreinfo'],
    ...folder('host', '/', 'readonly=on,multidevs=remap'),
    ...folder('share', share, 'readonly=off'),
  ]
}

/**
 * A folder of the host that the guest can mount by its tag.
 * @param {string} tag
 * @param {string} path
 * @param {string} options
 */
function folder(tag, path, options) {
  const escaped = path.replaceAll(',', ',,')
  return [
    ...['-fsdev', `local,id=${tag},path=${escaped},security_model=none,${options}`],
    ...['-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`],
  ]
}
