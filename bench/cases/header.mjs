// @ts-check
import { KSIGHT } from '../ksight.mjs'

/** @param {string} output */
const hasTaskStruct = (output) => /^struct task_struct \{/m.test(output)

/** @type {import('../compare.mjs').Case} */
export default {
  title: 'All types of the kernel as a C header',
  contenders: [
    {
      name: 'ksight type --header',
      command: [KSIGHT, 'type', '--header'],
      check: hasTaskStruct,
    },
    {
      name: 'bpftool btf dump … format c',
      command: 'bpftool btf dump file /sys/kernel/btf/vmlinux format c'.split(' '),
      check: hasTaskStruct,
      wantedRatio: 1,
    },
  ],
}
