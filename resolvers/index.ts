import { Category } from "./category.ts";
import { CheckEvent } from "./check_event.ts";
import { CheckReport } from "./check_report.ts";
import { Feature } from "./feature.ts";
import { Inspection } from "./inspection.ts";
import { Obstacle } from "./obstacle.ts";
import { Process } from "./process.ts";
import { Query } from "./query.ts";
import { Subscription } from "./subscription.ts";

/** The resolvers of every type that has some. */
export const RESOLVERS = { Query, Subscription, Category, Feature, CheckReport, Process, Inspection, Obstacle };

/** Which type a value of a union is. */
export const UNIONS = { CheckEvent };
