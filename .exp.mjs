import { boot } from '/work/wt/log/lab/boot.mjs'
import { readModule } from '/work/wt/log/lab/debian_kernel.mjs'
import { writeFileSync, readFileSync, copyFileSync } from 'node:fs'
for (const kernel of ['6.1','6.12']) {
  const ko = await readModule(kernel, 'lkdtm')
  if (ko) writeFileSync(`/tmp/log/lkdtm-${kernel}.ko`, ko)
  const vm = await boot({ kernel, memory: '512M' })
  const sh = async (s) => { const r = await vm.run('sh', ['-c', s]); return r.stdout + r.stderr }
  console.log(kernel, await sh('export LC_ALL=C.UTF-8; dmesg > /tmp/b; node /work/wt/log/bin/ksight log > /tmp/a; cmp /tmp/a /tmp/b; wc -l /tmp/a; node /work/wt/log/bin/ksight log --via kcore > /tmp/c; cmp /tmp/c /tmp/a; dmesg | tail -1; cat /proc/sys/kernel/printk; node /work/wt/log/bin/ksight | head -8; cat /proc/uptime; date'))
  await sh('i=0; while [ $i -lt 40 ]; do dd if=/dev/zero bs=200 count=1 2>/dev/null | tr "\\0" x > /dev/kmsg; i=$((i+1)); done; for j in 1 2 3 4 5 6 7 8; do seq 1 1000 > /tmp/s; while read l; do echo "wrap $l and some text to fill the ring" > /dev/kmsg; done < /tmp/s; done')
  console.log(await sh('export LC_ALL=C.UTF-8; dmesg > /tmp/b; node /work/wt/log/bin/ksight log > /tmp/a; cmp /tmp/a /tmp/b; wc -l /tmp/a; head -3 /tmp/a; dmesg -C; echo after > /dev/kmsg; dmesg; node /work/wt/log/bin/ksight log'))
  console.log(await sh(`cp /sys/kernel/btf/vmlinux /run/lab/share/btf; cp /proc/kallsyms /run/lab/share/kallsyms; insmod /tmp/log/lkdtm-${kernel}.ko; (cd /; exec -a "my comm" bash -c 'echo ACCESS_NULL > /sys/kernel/debug/provoke-crash/DIRECT'); (echo BUG > /sys/kernel/debug/provoke-crash/DIRECT); dmesg --raw; cat /proc/sys/kernel/tainted`))
  writeFileSync(`/tmp/log/oops-${kernel}.txt`, await sh('dmesg --raw'))
  writeFileSync(`/tmp/log/oops-${kernel}.json`, await sh('node /work/wt/log/bin/ksight log --json'))
  vm.run('sh', ['-c', 'echo c > /proc/sysrq-trigger']).catch(()=>{})
  await new Promise(r => setTimeout(r, 4000))
  writeFileSync(`/tmp/log/console-${kernel}.txt`, vm.console)
await vm[Symbol.asyncDispose]()
}
