// @ts-check
import { vmcore } from '../kernel_images.mjs'
import { KSIGHT } from '../ksight.mjs'

const image = await vmcore('6.12', '2G')

/** @type {import('../compare.mjs').Case} */
export default {
  title: 'Every thread in a vmcore of 2 GiB, Linux 6.12',
  contenders: [
    {
      name: 'ksight -c vmcore threads --json',
      command: [KSIGHT, '-c', image, 'threads', '--json'],
      check: (output) => JSON.parse(output).length > 40,
      coldCache: true,
      wantedWall: 250,
      wantedPeak: 250,
    },
  ],
}
