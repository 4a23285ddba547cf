/**
 * What may import what: the rooms of plugins/enforce-tls from the top floor down. An import points down, never up,
 * and never in a circle; imports of types count.
 */
'use strict'

const HOUSE = '^plugins/enforce-tls/'
const FLOORS = [
  'plugin\\.ts$',
  'hooks/',
  'cli/',
  'console/',
  'report/',
  'check/',
  'observe/',
  'suggest/',
  'waiting/',
  'admin/',
  'policy/',
  'delivery/',
  'requiretls/',
  'store/',
  'settings/',
  'haraka/',
  'published/',
  'rules/',
  'dns/',
  'text/',
  'work/',
]

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or share a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...FLOORS.slice(1).map((room, index) => ({
      name: `${room.split(/[/\\]/)[0]}-imports-down`,
      comment: 'The order of the rooms is in plugins/enforce-tls/README.md.',
      severity: 'error',
      from: { path: HOUSE + room },
      to: { path: `${HOUSE}(${FLOORS.slice(0, index + 1).join('|')})` },
    })),
    {
      name: 'rules-are-pure',
      comment: 'Rules know nothing of mail, stores or Haraka.',
      severity: 'error',
      from: { path: `${HOUSE}rules/` },
      to: { path: HOUSE, pathNot: `${HOUSE}(rules|text|work)/` },
    },
    {
      name: 'published-is-dns-and-rules',
      comment: 'What partners publish is known without mail, stores or Haraka.',
      severity: 'error',
      from: { path: `${HOUSE}published/` },
      to: { path: HOUSE, pathNot: `${HOUSE}(published|rules|dns|text|work)/` },
    },
    {
      name: 'dns-knows-nothing',
      severity: 'error',
      from: { path: `${HOUSE}dns/` },
      to: { path: HOUSE, pathNot: `${HOUSE}(dns|text|work)/` },
    },
    {
      name: 'only-dns-imports-dns-packet',
      severity: 'error',
      from: { path: HOUSE, pathNot: `${HOUSE}dns/` },
      to: { path: 'node_modules/dns-packet' },
    },
    {
      name: 'text-and-work-know-nothing',
      severity: 'error',
      from: { path: `${HOUSE}(text|work)/` },
      to: { path: HOUSE, pathNot: `${HOUSE}$1/` },
    },
    {
      name: 'only-store-redis-imports-ioredis',
      severity: 'error',
      from: { path: HOUSE, pathNot: `${HOUSE}store/redis/` },
      to: { path: 'node_modules/ioredis' },
    },
    {
      name: 'store-and-delivery-do-not-know-each-other',
      severity: 'error',
      from: { path: `${HOUSE}(store|delivery)/` },
      to: { path: `${HOUSE}(store|delivery)/`, pathNot: `${HOUSE}$1/` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
}
