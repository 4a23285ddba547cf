import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHarakaInVain, type HarakaOptions } from '../support/haraka.js'

const FIRST = `
exports.register = function () { this.register_hook('send_email', 'pass', -100) }
exports.pass = (next) => next(OK)
`
const QUEUE_FIRST = `
exports.register = function () { this.register_hook('queue_outbound', 'pass', -100) }
exports.pass = (next) => next()
`

function ini(text: string): HarakaOptions {
  return { config: { 'enforce-tls.ini': text } }
}

/** What is wrong, and the very words that an operator reads. */
const ROWS: readonly (readonly [what: string, options: HarakaOptions, words: string | RegExp])[] = [
  [
    'with enable_tls=false in outbound.ini',
    { ...ini('[store]\ntype=file\n'), outbound: { enable_tls: false } },
    'enforce-tls refuses to start: outbound.ini has enable_tls=false, so no mail could leave over TLS; set enable_tls=true or remove the line',
  ],
  [
    'behind another plugin in the send_email hook',
    { ...ini('[store]\ntype=file\n'), extraPlugins: { first: FIRST } },
    'enforce-tls refuses to start: the plugin first runs before enforce-tls in the hook send_email and could let mail through; put the line enforce-tls above first in config/plugins',
  ],
  [
    'behind another plugin in the queue_outbound hook',
    { ...ini('[store]\ntype=file\n'), extraPlugins: { first: QUEUE_FIRST } },
    'the plugin first runs before enforce-tls in the hook queue_outbound',
  ],
  [
    'beside queue/smtp_proxy',
    {
      ...ini('[store]\ntype=file\n'),
      plugins: ['test-relay', 'test-routes', 'enforce-tls', 'queue/smtp_proxy'],
    },
    'the plugin queue/smtp_proxy sends a message while the client is still sending it',
  ],
  [
    'beside a plugin that inherits from queue/smtp_proxy',
    {
      ...ini('[store]\ntype=file\n'),
      extraPlugins: { proxy: "exports.register = function () { this.inherits('queue/smtp_proxy') }\n" },
    },
    'the plugin proxy sends a message while the client is still sending it',
  ],
  [
    'behind another plugin in the queue hook, with forwarded_mail=outgoing',
    {
      ...ini('[store]\ntype=file\n[main]\nforwarded_mail=outgoing\n'),
      extraPlugins: { first: FIRST.replace('send_email', 'queue') },
    },
    'the plugin first runs before enforce-tls in the hook queue and could let mail through; put the line enforce-tls above first in config/plugins, or set [main] forwarded_mail=incoming',
  ],
  [
    'with a word of its own for forwarded mail',
    ini('[main]\nforwarded_mail=both\n'),
    'enforce-tls.ini: [main] forwarded_mail=both: expected incoming, outgoing',
  ],
  [
    'with an unknown section',
    ini('[mian]\n'),
    'enforce-tls.ini: unknown section [mian] (did you mean main?); allowed sections: main, store, redis, cache, tls, dns, mta_sts, failure',
  ],
  [
    'with an unknown key',
    ini('[tls]\nmin_verison=TLSv1.3\n'),
    'enforce-tls.ini: [tls] unknown key min_verison (did you mean min_version?); allowed keys: min_version, handshake_timeout, session_resumption, connection_reuse, connection_idle, connection_max_messages, connections_per_host, ca, reply_timeout',
  ],
  [
    'with a TLS version of old',
    ini('[tls]\nmin_version=TLSv1.0\n'),
    'enforce-tls.ini: [tls] min_version=TLSv1.0: expected TLSv1.2, TLSv1.3',
  ],
  [
    'with a time without unit',
    ini('[tls]\nhandshake_timeout=30\n'),
    'enforce-tls.ini: [tls] handshake_timeout=30: expected a time such as 500ms, 30s or 2m',
  ],
  [
    'with a word for a number',
    ini('[redis]\nport=redis\n'),
    'enforce-tls.ini: [redis] port=redis: expected a whole number from 1 to 65535',
  ],
  [
    'with a port out of range',
    ini('[redis]\nport=65536\n'),
    'enforce-tls.ini: [redis] port=65536: expected a whole number from 1 to 65535',
  ],
  [
    'with a comment behind a value',
    ini('[failure]\naction=bounce ; at once\n'),
    'enforce-tls.ini: [failure] action=bounce ; at once: expected bounce, defer (a comment needs a line of its own)',
  ],
  [
    'with a switch that is neither on nor off',
    ini('[main]\nreport_only=maybe\n'),
    'enforce-tls.ini: [main] report_only=maybe: expected true or false',
  ],
  [
    'with a URL that is not of Redis',
    ini('[redis]\nurl=http://user:secret@127.0.0.1\n'),
    'enforce-tls.ini: [redis] url=…: expected a redis:// or rediss:// URL',
  ],
  [
    'with a CA file that is not there',
    ini('[store]\ntype=file\n[tls]\nca=nowhere.pem\n'),
    /enforce-tls\.ini: \[tls\] ca=nowhere\.pem: expected a PEM file of CA certificates: ENOENT/,
  ],
  [
    'with a CA file that holds none',
    { config: { 'enforce-tls.ini': '[store]\ntype=file\n[tls]\nca=empty.pem\n', 'empty.pem': 'nothing\n' } },
    /\[tls\] ca=empty\.pem: expected a PEM file of CA certificates: .*contains no PEM certificate/,
  ],
]

describe('Haraka refuses to start', () => {
  for (const [what, options, words] of ROWS) {
    it(what, async () => {
      const { exitCode, log } = await startHarakaInVain(options)
      assert.notEqual(exitCode, 0)
      if (typeof words === 'string') assert.ok(log.includes(words), log)
      else assert.match(log, words)
      assert.doesNotMatch(log, /secret/)
    })
  }
})
