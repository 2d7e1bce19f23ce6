import { boot } from './lab/boot.mjs'
import { writeFileSync, mkdirSync } from 'node:fs'
for (const [kernel, dir] of [['6.1','ksight_lab-linux-image-6.1.0-56-amd64-7658d6641508850a'],['6.12','ksight_lab-linux-image-6.12.117+deb12-amd64-7658d6641508850a']]) {
  const vm = await boot({ kernel, memory: '512M' })
  try {
  const sh = async (s) => { const r = await vm.run('sh', ['-c', s]); return r.stdout + r.stderr }
  const out = `/tmp/log/sysrq-${kernel}`
  mkdirSync(out, { recursive: true })
  writeFileSync(`${out}/kallsyms`, await sh('cat /proc/kallsyms'))
  console.log(await sh(`/run/lab/busybox insmod /root/.cache/ksight/lab/${dir}/ksight_lab.ko; cp /bin/bash "/tmp/my comm (x)"; "/tmp/my comm (x)" -c 'echo null > /proc/ksight_lab/crash'; "/tmp/my comm (x)" -c 'echo bug > /proc/ksight_lab/crash';  cat /proc/sys/kernel/tainted`))
  writeFileSync(`${out}/oops.json`, await sh('node bin/ksight log --json'))
  vm.run('sh', ['-c', 'echo c > /proc/sysrq-trigger']).catch(()=>{})
  await new Promise(r => setTimeout(r, 5000))
  await vm.dump(`${out}/elf`)
  writeFileSync(`${out}/console.txt`, vm.console)
  } finally { await vm[Symbol.asyncDispose]() }
}
