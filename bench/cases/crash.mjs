// @ts-check
import { debugVmlinux, vmcore } from '../kernel_images.mjs'
import { KSIGHT } from '../ksight.mjs'

// Debian's crash reads no kernel newer than this.
const KERNEL = '6.1'
const image = await vmcore(KERNEL, '512M')
const vmlinux = await debugVmlinux(KERNEL)

/** @type {import('../compare.mjs').Case} */
export default {
  title: 'Every thread in a vmcore of 512 MiB, Linux 6.1',
  contenders: [
    {
      name: 'ksight -c vmcore threads',
      command: [KSIGHT, '-c', image, 'threads'],
      check: (output) => output.includes('[kthreadd]'),
      coldCache: true,
    },
    {
      name: 'crash, ps',
      command: ['sh', '-c', 'printf "ps\\nquit\\n" | crash -s "$@"', 'sh', vmlinux, image],
      // Version 8.0.2 finds no more than the idle tasks of Debian's newest builds of 6.1.
      check: (output) => output.includes('[swapper/0]'),
      wantedRatio: 10,
    },
  ],
}
