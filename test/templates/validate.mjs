// validate.mjs DEPLOY METRICS: what is in DEPLOY against its schemas; METRICS has the names that the API exports, a line each,
// or is empty when nothing is known of them. Prints TAP.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import * as yaml from 'js-yaml'
import { parser } from '@prometheus-io/lezer-promql'

const require = createRequire(import.meta.url)
const [deploy, metricsFile] = process.argv.slice(2)
const read = (file) => fs.readFileSync(`${deploy}/${file}`, 'utf8')
let count = 0
let failed = 0
const check = (problems, name) => {
  count++
  failed += problems.length > 0
  console.log(`${problems.length ? 'not ok' : 'ok'} ${count} - ${name}`)
  for (const p of problems.slice(0, 12)) console.log(`# ${p}`)
}

// ---- Kubernetes: each object by the schema of its kind ----

const objects = yaml.loadAll(read('kubernetes/rinkside.yaml'))
for (const o of objects) {
  const problems = []
  try {
    const Model = require(`kubernetes-models/${o.apiVersion}/${o.kind}`)[o.kind]
    new Model(o).validate()
  } catch (e) {
    problems.push(e.message)
  }
  check(problems, `kubernetes: ${o.kind} ${o.metadata.name}`)
}
const labelled = objects.filter((o) => o.spec?.template).map((o) => o.spec.template.metadata.labels)
const selects = (labels) => labelled.some((l) => Object.entries(labels).every(([k, v]) => l[k] === v))
check(objects.flatMap((o) => {
  const s = o.kind === 'Service' ? o.spec.selector : o.spec?.selector?.matchLabels
  return s && !selects(s) ? [`${o.kind} ${o.metadata.name} selects nothing`] : []
}), 'kubernetes: every selector finds a pod')
{
  const broken = { ...objects[1], spec: { ...objects[1].spec, replicas: 'many' } }
  let refused = false
  try { new (require('kubernetes-models/apps/v1/Deployment').Deployment)(broken).validate() } catch { refused = true }
  check(refused ? [] : ['replicas: many was taken'], 'kubernetes: a mistake would be found')
}

// ---- SAM: each resource by CloudFormation's own specification ----

const spec = require('@aws-cdk/cfnspec/spec/specification.json')
const tags = ['Ref', 'Sub', 'GetAtt', 'Join', 'If', 'ImportValue', 'Select', 'Split', 'FindInMap']
// An intrinsic function stands for a value of whatever type is wanted.
const stands = (v) => v !== null && typeof v === 'object' && !Array.isArray(v) && Object.keys(v).length === 1 &&
  (Object.keys(v)[0] === 'Ref' || Object.keys(v)[0].startsWith('Fn::'))
const expand = (text) => {
  // Short tags in their long form, so that a plain YAML parser reads them.
  return text.replace(/!(\w+) ("[^"\n]*"|'[^'\n]*'|[^\s,\]]+)/g, (m, tag, value) => {
    if (!tags.includes(tag)) return m
    return `{${tag === 'Ref' ? 'Ref' : `"Fn::${tag}"`}: ${/^["']/.test(value) ? value : JSON.stringify(value)}}`
  })
}
const template = yaml.load(expand(read('lambda/template.yaml')))
const ofType = {
  String: (v) => typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean',
  Integer: Number.isInteger, Long: Number.isInteger, Double: (v) => typeof v === 'number',
  Boolean: (v) => typeof v === 'boolean', Json: (v) => typeof v === 'object', Timestamp: (v) => typeof v === 'string'
}
// Newer than the specification at hand, from the public description of SAM and CloudFormation.
const newer = {
  'AWS::Serverless::Function': ['RecursiveLoop'],
  'AWS::Serverless::Function.SQSEvent': ['FunctionResponseTypes', 'ScalingConfig'],
  'AWS::Lambda::Url': ['InvokeMode']
}
// Said to be required there, and optional in SAM's own description.
const optional = { 'AWS::Serverless::Function.EventInvokeDestinationConfig': ['OnSuccess'] }
const nested = (type, name) => {
  const own = `${type}.${name}`
  return spec.PropertyTypes[own] ? own : spec.PropertyTypes[name] ? name : null
}
function checkProperties (type, base, description, value, at, problems) {
  const known = description.Properties ?? {}
  for (const k of Object.keys(value)) {
    if (known[k]) checkValue(base, known[k], value[k], `${at}.${k}`, problems)
    else if (!(newer[type] ?? []).includes(k)) problems.push(`${at}.${k}: no such property`)
  }
  for (const [k, d] of Object.entries(known)) if (d.Required && !(k in value) && !(optional[type] ?? []).includes(k)) problems.push(`${at}.${k} is wanted`)
}
function checkValue (base, d, value, at, problems) {
  if (stands(value)) return
  const list = d.Type === 'List' || (d.Types ?? []).length > 0 && Array.isArray(value)
  if (d.Type === 'List') {
    if (!Array.isArray(value)) return problems.push(`${at}: wants a list`)
    for (const [i, v] of value.entries()) checkOne(base, d.PrimitiveItemType ? [d.PrimitiveItemType] : d.ItemType ? [d.ItemType] : [...(d.PrimitiveItemTypes ?? []), ...(d.ItemTypes ?? [])], v, `${at}[${i}]`, problems)
  } else if (d.Type === 'Map') {
    for (const [k, v] of Object.entries(value)) checkOne(base, [...(d.PrimitiveItemType ? [d.PrimitiveItemType] : []), ...(d.ItemType ? [d.ItemType] : []), ...(d.PrimitiveItemTypes ?? []), ...(d.ItemTypes ?? [])], v, `${at}.${k}`, problems)
  } else if (!list) {
    checkOne(base, d.PrimitiveType ? [d.PrimitiveType] : d.Type ? [d.Type] : [...(d.PrimitiveTypes ?? []), ...(d.Types ?? [])], value, at, problems)
  }
}
function checkOne (base, types, value, at, problems) {
  if (stands(value) || !types.length) return
  const results = types.map((t) => {
    const found = []
    if (ofType[t]) {
      if (!ofType[t](value)) found.push(`${at}: wants ${t}, got ${JSON.stringify(value)}`)
    } else if (nested(base, t)) {
      if (typeof value !== 'object') found.push(`${at}: wants an object`)
      else checkProperties(nested(base, t), base, spec.PropertyTypes[nested(base, t)], value, at, found)
    }
    return found
  })
  if (!results.some((r) => r.length === 0)) problems.push(...results[0])
}
const resources = template.Resources
const checkResource = (name, r) => {
  const problems = []
  const d = spec.ResourceTypes[r.Type]
  if (!d) problems.push(`${r.Type}: no such type`)
  else checkProperties(r.Type, r.Type, d, { ...(r.Type === 'AWS::Serverless::Function' ? template.Globals.Function : {}), ...r.Properties }, name, problems)
  for (const [key, e] of Object.entries(r.Properties?.Events ?? {})) {
    const t = `AWS::Serverless::Function.${e.Type}Event`
    if (!spec.PropertyTypes[t]) problems.push(`${name}.Events.${key}: ${e.Type} is no event`)
    else checkProperties(t, 'AWS::Serverless::Function', spec.PropertyTypes[t], e.Properties, `${name}.Events.${key}`, problems)
  }
  return problems
}
for (const [name, r] of Object.entries(resources)) check(checkResource(name, r), `SAM: ${r.Type} ${name}`)
{
  const names = new Set([...Object.keys(resources), ...Object.keys(template.Parameters)])
  const lost = []
  JSON.stringify(template, (k, v) => {
    if (k === 'Ref' && typeof v === 'string' && !v.startsWith('AWS::') && !names.has(v)) lost.push(`Ref ${v}`)
    if (k === 'Fn::GetAtt' && !names.has(String(v).split('.')[0])) lost.push(`GetAtt ${v}`)
    if (k === 'Fn::Sub') for (const [, n] of String(v).matchAll(/\$\{([\w:]+)\}/g)) if (!n.startsWith('AWS::') && !names.has(n)) lost.push(`Sub ${n}`)
    return v
  })
  check(lost, 'SAM: everything that is referred to is there')
  const all = JSON.stringify(template)
  const open = Object.values(resources).flatMap((r) => r.Type.startsWith('AWS::IAM') ? [JSON.stringify(r)] : []).filter((t) => /"Resource":"\*"|"Action":"\*"|:\*"/.test(t))
  check(open, 'SAM: no role may do more than it must')
  check(/VpcConfig|NatGateway/.test(all) ? ['a VPC'] : [], 'SAM: no VPC, hence no NAT gateway')
  check(/postgresql:\/\/\w/.test(JSON.stringify(resources)) || !all.includes('{{resolve:secretsmanager:') ? ['the URL'] : [], 'SAM: the database URL comes from a secret')
  const functions = Object.entries(resources).filter(([, r]) => r.Type === 'AWS::Serverless::Function')
  const logs = Object.values(resources).filter((r) => r.Type === 'AWS::Logs::LogGroup' && r.Properties.RetentionInDays)
  const sends = ([, r]) => r.Properties.Environment?.Variables?.RINKSIDE_DELAY_QUEUE
  const may = ([, r]) => {
    const role = resources[r.Properties.Role['Fn::GetAtt'].split('.')[0]]
    return (role.Properties.Policies ?? []).flatMap((p) => p.PolicyDocument.Statement)
      .some((s) => [s.Action].flat().includes('sqs:SendMessage') && JSON.stringify(s.Resource).includes('"Delays.Arn"'))
  }
  check(functions.filter((f) => !!sends(f) !== may(f)).map(([name]) => name), 'SAM: who has the queue may send to it, and nobody else')
  check(functions.filter(([, r]) => Object.values(r.Properties.Events ?? {}).some((e) => e.Type === 'SQS') && r.Properties.RecursiveLoop !== 'Allow')
    .map(([name]) => name), 'SAM: a function that sends to its own queue is not stopped as a loop')
  const seconds = Object.fromEntries(functions.map(([name, r]) => [name, r.Properties.Timeout]))
  check(resources.Delays.Properties.VisibilityTimeout >= 6 * seconds.Ingest ? [] : ['VisibilityTimeout'], 'SAM: a message that is under way is not given out again')
  check(functions.length === logs.length ? [] : ['a function without'], 'SAM: every function has a log that ends')
  check(checkResource('x', { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeOut: 3 } }).length ? [] : ['a wrong name was taken'], 'SAM: a mistake would be found')
}

// ---- Prometheus and Grafana: every expression parses, every metric is exported ----

const exported = new Set(fs.readFileSync(metricsFile, 'utf8').split('\n').filter(Boolean))
const used = new Set()
const parse = (text) => {
  const problems = []
  parser.parse(text).iterate({ enter: (n) => { if (n.type.isError) problems.push(`${text}: at ${n.from}`) } })
  for (const [m] of text.matchAll(/\brinkside_\w+/g)) used.add(m)
  return problems
}
const alerts = yaml.load(read('prometheus/alerts.yaml'))
for (const rule of alerts.groups.flatMap((g) => g.rules)) {
  const problems = parse(rule.expr)
  if (!rule.alert || !rule.annotations?.summary || !rule.labels?.severity) problems.push('wants a name, a severity and a summary')
  if (!/^\d+[smh]$/.test(rule.for)) problems.push(`for: ${rule.for}`)
  check(problems, `prometheus: ${rule.alert}`)
}
const board = JSON.parse(read('grafana/rinkside.json'))
const ids = board.panels.map((p) => p.id)
check(new Set(ids).size === ids.length && board.uid && board.schemaVersion ? [] : ['ids'], 'grafana: a dashboard, its panels numbered')
const plain = (e) => e.replaceAll('$__rate_interval', '1m')
check(board.panels.flatMap((p) => p.targets.flatMap((t) => parse(plain(t.expr)))), 'grafana: every expression parses')
const over = board.panels.filter((p) => p.gridPos.x + p.gridPos.w > 24).map((p) => p.title)
check(over, 'grafana: panels within the width')
parse(board.templating.list.map((v) => v.query).join(' '))
check(parse('sum(rate(x[5m]) by').length ? [] : ['a mistake was taken'], 'prometheus: a mistake would be found')
if (exported.size) {
  const base = (m) => m.replace(/_(bucket|sum|count)$/, '')
  check([...used].filter((m) => !exported.has(m) && !exported.has(base(m))), `every metric of alerts and dashboard is exported (${used.size})`)
} else {
  console.log('# note: the API tells no metrics to compare with')
}
console.log(`1..${count}`)
process.exit(failed ? 1 : 0)
