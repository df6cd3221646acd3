import ts from 'typescript'
import { isShipped, lineOf, parse } from './sources.mjs'

const longestFile = 300
const longestFunction = 60

/** Files and functions that are about more than one thing tend to be long. Comments and blank lines are free. */
export function findLengths(files) {
  return files.filter(isShipped).flatMap((file) => {
    const source = parse(file)
    const isCode = markCodeLines(source)
    return [...measureFile(file, isCode), ...measureFunctions(file, source, isCode)]
  })
}

function measureFile(file, isCode) {
  const lines = isCode.filter(Boolean).length
  if (lines <= longestFile) return []
  const message = `${lines} lines of code, more than ${longestFile}: which part is a thing of its own?`
  return [{ rule: 'file-length', file: file.path, message }]
}

function measureFunctions(file, source, isCode) {
  const findings = []
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body) {
      const first = lineOf(source, node.getStart(source))
      const lines = isCode.slice(first, lineOf(source, node.end) + 1).filter(Boolean).length
      if (lines > longestFunction) {
        const name = node.name?.getText(source) ?? node.parent.name?.getText?.(source) ?? 'a function'
        const message = `${name} has ${lines} lines of code, more than ${longestFunction} don't fit a screen`
        findings.push({ rule: 'function-length', file: file.path, line: first, message })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return findings
}

/** By line number: whether a token stands on the line. A template over several lines counts with each. */
function markCodeLines(source) {
  const isCode = []
  const visit = (node) => {
    const children = node.getChildren(source).filter((child) => !ts.isJSDoc(child))
    if (children.length === 0 && node.kind !== ts.SyntaxKind.EndOfFileToken) {
      const last = lineOf(source, node.end)
      for (let line = lineOf(source, node.getStart(source)); line <= last; line += 1) isCode[line] = true
    }
    children.forEach(visit)
  }
  visit(source)
  return isCode
}
