import type { CategoryName, Feature as Record } from "../probes/probe.ts";

/** criu's number and description of a category. */
export interface Category {
  readonly name: CategoryName;
}

/** Fields of Feature whose value is not a property of the record. */
export const Feature = {
  category: ({ category }: Record): Category | null => category === null ? null : { name: category },
};
