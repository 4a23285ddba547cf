/**
 * The main job in one command: a real Haraka with the plugin, partners with and without TLS, rules made with
 * the command, messages sent over SMTP, and a transcript of what happened. Exits 0 only if that is what had
 * to happen. Everything is on loopback and gone afterwards.
 */
import { parseArgs } from 'node:util'
import { startHarakaFolder, type DemoHaraka } from './demo-haraka.js'
import { startPartner, type Delivery, type Partner } from './demo-partner.js'
import { explainBounce } from './demo-bounce.js'
import { enforceTls } from './demo-command.js'
import { say, step } from './demo-transcript.js'
import { errorMessage } from '../../plugins/enforce-tls/text/error-message.js'

const SENDER = 'ann@acme.example'

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: { redis: { type: 'string' } } })
  const redis = values.redis
  const partners: Partner[] = []
  let haraka: DemoHaraka | undefined
  try {
    const bank = await startPartner('mx.bank.example', { tls: true })
    const clinic = await startPartner('mx.clinic.example', { tls: false })
    const florist = await startPartner('mx.florist.example', { tls: false })
    const acme = await startPartner('mail.acme.example', { tls: true })
    partners.push(bank, clinic, florist, acme)
    haraka = await startHarakaFolder({
      redis,
      routes: {
        'bank.example': bank,
        'clinic.example': clinic,
        'florist.example': florist,
        'acme.example': acme,
      },
    })
    return await tell(haraka, { bank, clinic, florist, acme })
  } finally {
    await haraka?.stop()
    await Promise.all(partners.map((partner) => partner.stop()))
  }
}

async function tell(
  haraka: DemoHaraka,
  { bank, clinic, florist, acme }: Readonly<Record<'bank' | 'clinic' | 'florist' | 'acme', Partner>>,
): Promise<boolean> {
  say(
    '',
    `A Haraka with the plugin enforce-tls runs on 127.0.0.1:${haraka.port}; its rules are in ${haraka.store}.`,
    'It sends the mail of acme.example. Three partners receive it:',
    '  bank.example     its server offers TLS',
    '  clinic.example   its server does not',
    '  florist.example  its server does not either, and no rule asks for it',
  )

  step('1', 'Someone writes a rule for both partners, and switches it on')
  const command = (...words: string[]) => enforceTls(haraka.storeOption, words)
  await command('domain', 'enable', 'acme.example')
  const { id } = JSON.parse(
    await command(
      'rule',
      'create',
      'acme.example',
      'Patient and payment data',
      '--to',
      'bank.example',
      '--to',
      'clinic.example',
      '--json',
    ),
  ) as { id: string }
  await command('rule', 'enable', 'acme.example', id, '--no-check')
  await command('rule', 'list', 'acme.example')

  step('2', 'Three messages are sent')
  for (const to of ['cfo@bank.example', 'lab@clinic.example', 'roses@florist.example']) {
    say(`  ${SENDER} -> ${to}: ${await haraka.send(SENDER, to)}`)
  }

  step('3', 'What happened')
  const toBank = await bank.delivery()
  const bounce = await acme.delivery()
  const toFlorist = await florist.delivery()
  const told = explainBounce(bounce.message)
  const spoken = clinic.commands()
  const checks: readonly (readonly [boolean, string])[] = [
    [toBank.protocol === 'TLSv1.3', `bank.example     delivered over ${describe(toBank)}`],
    [told.ok && clinic.accepted() === 0, `clinic.example   not sent; it heard only: ${spoken.join(', ')}`],
    [told.ok && bounce.to === SENDER, `                 ${SENDER} was told why, see below`],
    [
      toFlorist.protocol === null,
      `florist.example  delivered ${describe(toFlorist)}; no rule, so nothing was changed`,
    ],
    [
      !spoken.some((verb) => /^(MAIL|RCPT|DATA)$/i.test(verb)),
      'Not one byte of the message to clinic.example left this machine.',
    ],
  ]
  for (const [ok, line] of checks) say(`  ${ok ? 'ok  ' : 'FAIL'} ${line}`)

  step('4', `What ${SENDER} reads`)
  say(...told.lines.map((line) => `  | ${line}`), '')
  return checks.every(([ok]) => ok)
}

function describe({ protocol, cipher }: Delivery): string {
  return protocol === null ? 'in the clear' : `${protocol} (${cipher ?? 'unknown cipher'})`
}

main().then(
  (ok) => {
    say(ok ? 'That is what had to happen.' : 'That is NOT what had to happen.')
    process.exitCode = ok ? 0 : 1
  },
  (error: unknown) => {
    console.error(`The demo failed: ${errorMessage(error)}`)
    process.exitCode = 1
  },
)
