// CommonJS in plain old syntax, so that a Node.js too old for the rest can still say so.
var version = process.versions.node.split('.')
var major = Number(version[0])
var minor = Number(version[1])

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    'ksight: Node.js ' +
      process.versions.node +
      ' is too old: 20.19 or later is needed: see https://nodejs.org/en/download',
  )
  process.exit(1)
}
