import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  visit,
} from "graphql";

/** What a document would cost at most. */
export interface Measure {
  readonly depth: number;
  readonly aliases: number;
  readonly cost: number;
}

/** How long lists are; a check's findings and the features are the long ones. */
const LENGTHS: Readonly<Record<string, number>> = {
  "Query.features": 70,
  "Query.categories": 4,
  "Category.features": 50,
  "CheckReport.findings": 70,
  "Process.children": 20,
};
/** Lists of which `first` says how long they may be: by default, and at most. */
const PAGES: Readonly<Record<string, readonly [usual: number, most: number]>> = {
  "Query.processes": [100, 1000],
  // As long as they mostly are; a limit of their own keeps the others off.
  "Inspection.obstacles": [20, 20],
};
/** What costs more than a field. */
const WORK: Readonly<Record<string, number>> = {
  "Process.inspection": 20,
  "Subscription.inspection": 20,
  "Host.criu": 20,
};
const LENGTH = 8;

/**
 * Measures a document before it is validated. What the schema does not know counts as one field: validation will say
 * so. A fragment is measured once, however often it is spread.
 */
export function measure(document: DocumentNode, schema: GraphQLSchema): Measure {
  const fragments = new Map<string, FragmentDefinitionNode>();
  let aliases = 0;
  visit(document, {
    Field: (node) => {
      if (node.alias) aliases++;
    },
    FragmentDefinition: (node) => {
      fragments.set(node.name.value, node);
    },
  });
  const known = new Map<string, Omit<Measure, "aliases"> | "being measured">();

  const ofFragment = (name: string): Omit<Measure, "aliases"> => {
    const before = known.get(name), fragment = fragments.get(name);
    // A fragment within itself has no measure; validation refuses it.
    if (before === "being measured" || !fragment) return { depth: 0, cost: 0 };
    if (before) return before;
    known.set(name, "being measured");
    const result = ofSelection(fragment.selectionSet, fragment.typeCondition.name.value);
    known.set(name, result);
    return result;
  };

  const ofSelection = ({ selections }: SelectionSetNode, typeName: string): Omit<Measure, "aliases"> => {
    let depth = 0, cost = 0;
    for (const selection of selections) {
      let part: Omit<Measure, "aliases">;
      if (selection.kind === Kind.FRAGMENT_SPREAD) part = ofFragment(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) {
        part = ofSelection(selection.selectionSet, selection.typeCondition?.name.value ?? typeName);
      } else {
        const name = selection.name.value;
        if (name.startsWith("__")) continue;
        const type = schema.getType(typeName);
        const field = isObjectType(type) ? type.getFields()[name] : undefined;
        const below = selection.selectionSet
          ? ofSelection(selection.selectionSet, field ? getNamedType(field.type).name : "")
          : { depth: 0, cost: 0 };
        const times = field && isList(field.type) ? lengthOf(`${typeName}.${name}`, selection) : 1;
        part = { depth: below.depth + 1, cost: times * ((WORK[`${typeName}.${name}`] ?? 1) + below.cost) };
      }
      depth = Math.max(depth, part.depth);
      cost += part.cost;
    }
    return { depth, cost };
  };

  let depth = 0, cost = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const root = schema.getRootType(definition.operation);
    const one = ofSelection(definition.selectionSet, root?.name ?? "");
    depth = Math.max(depth, one.depth);
    cost = Math.max(cost, one.cost);
  }
  return { depth, aliases, cost };
}

function lengthOf(field: string, node: FieldNode): number {
  const page = PAGES[field];
  if (!page) return LENGTHS[field] ?? LENGTH;
  const first = node.arguments?.find(({ name }) => name.value === "first")?.value;
  if (!first) return page[0];
  // The value of a variable is not known yet.
  return first.kind === Kind.INT ? Math.min(Math.max(Number(first.value), 1), page[1]) : page[1];
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}
