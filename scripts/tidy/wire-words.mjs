import ts from 'typescript'
import { isShipped, lineOf, parse } from './sources.mjs'

const home = 'packages/protocol/'
const dictionary = 'packages/protocol/src/header.ts'

/**
 * The words on the wire are written down once, in `packages/protocol`. Elsewhere they are imported, so that a
 * typing error is the compiler's to find. Tests write them out: they say what is promised to others.
 */
export function findWireWords(files) {
  const words = readDictionary(files.find((file) => file.path === dictionary))
  return files
    .filter((file) => isShipped(file) && !file.path.startsWith(home))
    .flatMap((file) => findInFile(file, words))
}

function findInFile(file, words) {
  const source = parse(file)
  return literals(source).flatMap(({ node, text }) => {
    const word = words.find((each) => isWord(text, each))
    if (!word) return []
    const message = `'${word}' is a word on the wire; import it from @tidings/protocol`
    return [{ rule: 'wire-word', file: file.path, line: lineOf(source, node.getStart(source)), message }]
  })
}

/** Headers in any case; a path also where it begins a longer one. */
function isWord(text, word) {
  return text.toLowerCase() === word || (word.startsWith('/') && text.startsWith(word))
}

/** The names of headers, and the short constants beside them; the lists of common headers are not ours. */
function readDictionary(file) {
  if (!file) throw new Error(`${dictionary} is not there: the check of wire words has no words`)
  return literals(parse(file))
    .filter(({ node }) => ts.isPropertyAssignment(node.parent) || isConstant(node.parent))
    .map(({ text }) => text)
}

function isConstant(node) {
  return ts.isVariableDeclaration(node)
}

function literals(source) {
  const found = []
  const visit = (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) found.push({ node, text: node.text })
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
