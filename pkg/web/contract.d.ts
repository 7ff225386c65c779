// Made from wit/contract.schema.json and deploy/crds by tools/types.mjs; do not edit.

/**
 * A Model, EndpointConfig or Endpoint (`mlops.internal/v1alpha1`).
 */
export type CustomResource = Model | EndpointConfig | Endpoint;
/**
 * What a plan does with an object. `replace`: an immutable field differs, so that it is deleted now and created once it is observed gone. `conflict`: it is somebody else's, and nothing is done.
 */
export type Verb = "create" | "update" | "replace" | "delete" | "unchanged" | "conflict";
/**
 * A step of a path into an object: a field, the index in a list, or the element of a list whose keys have these values.
 */
export type PathStep =
  | string
  | number
  | {
      [k: string]: string;
    };
/**
 * A path into an object.
 */
export type Path = PathStep[];
/**
 * What an action does; `replace` is the delete half.
 */
export type ActionVerb = "create" | "update" | "replace" | "delete";
/**
 * The answer of a sync or finalize hook.
 */
export type CompositeReply =
  | {
      /**
       * HTTP status code.
       */
      code: 200;
      /**
       * What should be there.
       */
      body: CompositeAnswer;
    }
  | Refusal;
/**
 * The answer of a customize hook.
 */
export type CustomizeReply =
  | {
      /**
       * HTTP status code.
       */
      code: 200;
      /**
       * What to read.
       */
      body: RelatedResources;
    }
  | Refusal;
/**
 * The answer of the sync hook of the decorator.
 */
export type DecoratorReply =
  | {
      /**
       * HTTP status code.
       */
      code: 200;
      /**
       * What should be there.
       */
      body: Attachments;
    }
  | Refusal;
/**
 * The answer of the webhook.
 */
export type ReviewReply =
  | {
      /**
       * HTTP status code.
       */
      code: 200;
      /**
       * The verdict.
       */
      body: AdmissionVerdict;
    }
  | Refusal;

/**
 * Every operation of the interface `text` in planner.wit: what it takes as `request` and what it answers under `ok`, here `value`. Instead of `ok` there may be `failure`: a Failure.
 */
export interface Contract {
  /**
   * One custom resource and what was observed → what it needs and the plan for it.
   */
  reconcile: {
    request: Observation;
    value: Answer;
  };
  /**
   * A whole set → one plan.
   */
  plan: {
    request: SetObservation;
    value: Plan;
  };
  /**
   * The same on a simulated cluster until nothing changes: the rounds.
   */
  forecast: {
    request: SetObservation;
    value: Forecast;
  };
  /**
   * The desired children of a whole set.
   */
  render: {
    request: RenderRequest;
    /**
     * The desired children.
     */
    value: KubernetesObject[];
  };
  /**
   * One custom resource → what a host must read to reconcile it.
   */
  requirements: {
    request: CustomResource;
    /**
     * What to read.
     */
    value: Selector[];
  };
  /**
   * Every violation of one custom resource at once.
   */
  validate: {
    /**
     * A custom resource, or one after an edit with the one before.
     */
    request: EditToValidate | CustomResource;
    /**
     * All findings; empty when there is none.
     */
    value: Diagnostic[];
  };
  /**
   * What differs between an object of any kind and the live one.
   */
  diff: {
    request: DiffRequest;
    value: Difference;
  };
  /**
   * The CustomResourceDefinitions.
   */
  schemas: {
    /**
     * The three definitions.
     */
    value: CustomResourceDefinition[];
  };
  /**
   * Version, contract version, limits and the digest of the rules.
   */
  info: {
    value: Info;
  };
  /**
   * The API requests that create a custom resource.
   */
  create: {
    request: CustomResource;
    value: Requests;
  };
  /**
   * The API requests that update a custom resource.
   */
  update: {
    request: Update;
    value: Requests;
  };
  /**
   * The API requests that delete an observed custom resource.
   */
  delete: {
    request: CustomResource;
    value: Requests;
  };
  /**
   * What must happen to the dependants of a custom resource that is new.
   */
  "create-handler": {
    request: Observation;
    value: Answer;
  };
  /**
   * What must happen to the dependants of a custom resource that changed.
   */
  "update-handler": {
    request: Observation;
    value: Answer;
  };
  /**
   * What must happen to the dependants of a custom resource that is being deleted.
   */
  "delete-handler": {
    request: Observation;
    value: Answer;
  };
  /**
   * The sync hook of the three CompositeControllers.
   */
  sync: {
    request: CompositeRequest;
    value: CompositeReply;
  };
  /**
   * The finalize hook of the three CompositeControllers.
   */
  finalize: {
    request: CompositeRequest;
    value: CompositeReply;
  };
  /**
   * The customize hook of the three CompositeControllers and of the decorator.
   */
  customize: {
    request: CustomizeRequest;
    value: CustomizeReply;
  };
  /**
   * The sync hook of the DecoratorController on Namespaces that owns the PersistentVolumes.
   */
  decorate: {
    request: DecoratorRequest;
    value: DecoratorReply;
  };
  /**
   * What a validating webhook of the API server asks about the three kinds.
   */
  review: {
    request: ReviewRequest;
    value: ReviewReply;
  };
}
/**
 * One custom resource and what was observed.
 */
export interface Observation {
  /**
   * The custom resource.
   */
  parent: CustomResource;
  /**
   * What it owns, complete.
   */
  children: KubernetesObject[];
  /**
   * Everything else that `requirements` names, complete.
   */
  related: KubernetesObject[];
  /**
   * What could not be read. What is neither observed nor named here does not exist.
   */
  unreadable?: Unreadable[];
  /**
   * RFC 3339 time for `lastTransitionTime` alone; absent or empty: it is left out.
   */
  now?: string;
  /**
   * What Models may use; absent: the default.
   */
  policy?: Policy;
  /**
   * The field manager; absent or empty: `modelwright`.
   */
  manager?: string;
  /**
   * What may be done that otherwise is not.
   */
  allow?: Allow;
  /**
   * Whether the custom resource is being deleted.
   */
  finalizing?: boolean;
}
/**
 * What the user says of a Model.
 */
export interface Model {
  /**
   * Group and version.
   */
  apiVersion: "mlops.internal/v1alpha1";
  /**
   * The kind.
   */
  kind: "Model";
  /**
   * Name and namespace, and what the API server adds.
   */
  metadata: ObjectMeta;
  spec: ModelSpec;
  /**
   * What was observed; in a file it is left out.
   */
  status?: Status;
}
/**
 * Metadata of an object of Kubernetes; members that are not listed are left as they are.
 */
export interface ObjectMeta {
  /**
   * Its name.
   */
  name: string;
  /**
   * Its namespace; absent in a cluster-scoped object.
   */
  namespace?: string;
  /**
   * Labels, by which others select the object.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Annotations, which nobody selects by.
   */
  annotations?: {
    [k: string]: string;
  };
  /**
   * Given by the API server.
   */
  uid?: string;
  /**
   * Given by the API server with every write.
   */
  resourceVersion?: string;
  /**
   * Given by the API server with every change of the spec.
   */
  generation?: number;
  /**
   * RFC 3339 time, given by the API server.
   */
  creationTimestamp?: string;
  /**
   * RFC 3339 time; there while the object is being deleted.
   */
  deletionTimestamp?: string;
  /**
   * What has to be done before it is gone.
   */
  finalizers?: string[];
  [k: string]: any;
}
/**
 * What the user says of a Model.
 */
export interface ModelSpec {
  /**
   * Arguments of the serving container; the image's when empty.
   */
  args?: string[];
  /**
   * What is downloaded before the serving container starts.
   */
  artifact: {
    /**
     * Bound of the download and of the unpacked size, in bytes. Default 10Gi.
     */
    maxBytes?: string | number;
    /**
     * A Secret in the namespace with credentials for the download.
     */
    secretRef?: {
      /**
       * The Secret's name.
       */
      name: string;
    };
    /**
     * 64 lower-case hex digits, checked before unpacking; https only. Recommended.
     */
    sha256?: string;
    /**
     * https, s3, gs, hf: downloaded to the volume. pvc://claim/path and oci://image: mounted as they are.
     */
    uri: string;
  };
  /**
   * Whether requests are recorded by a gor sidecar, which needs root and NET_RAW. Default mode Gor at 100 %.
   */
  capture?: {
    /**
     * Gor or Disabled. Default Gor.
     */
    mode?: "Gor" | "Disabled";
    /**
     * Share of the requests in whole percent. Default 100.
     */
    percentage?: number;
  };
  /**
   * argv of the serving container; the image's when empty.
   */
  command?: string[];
  /**
   * Cores of the serving container where no EndpointConfig says otherwise. Default "1".
   */
  cpus?: string | number;
  /**
   * Environment of the serving container, as in a Pod.
   *
   * Items: An environment variable, as in a Pod.
   */
  env?: {
    /**
     * A C identifier; unique, and none of Modelwright's.
     */
    name: string;
    /**
     * Its value.
     */
    value?: string;
    /**
     * Where its value comes from.
     */
    valueFrom?: {
      configMapKeyRef?: {
        key: string;
        name: string;
        optional?: boolean;
      };
      fieldRef?: {
        apiVersion?: string;
        fieldPath: string;
      };
      fileKeyRef?: {
        key: string;
        optional?: boolean;
        path: string;
        volumeName: string;
      };
      resourceFieldRef?: {
        containerName?: string;
        divisor?: string | number;
        resource: string;
      };
      secretKeyRef?: {
        key: string;
        name: string;
        optional?: boolean;
      };
    };
  }[];
  /**
   * Image of the serving container, for example registry.example.com/titanic:1.4.2.
   */
  image: string;
  /**
   * Replicas where no EndpointConfig says otherwise. Default 1.
   */
  instances?: number;
  /**
   * Memory of the serving container where no EndpointConfig says otherwise. Default 1Gi.
   */
  memory?: string | number;
  /**
   * Absolute path at which the serving container finds the artifact. Default /opt/ml/model.
   */
  modelPath?: string;
  /**
   * What passes through to the pod.
   */
  pod?: {
    /**
     * Replaces the preference to spread over nodes.
     */
    affinity?: {
      nodeAffinity?: {
        preferredDuringSchedulingIgnoredDuringExecution?: {
          preference: {
            matchExpressions?: {
              key: string;
              operator: string;
              values?: string[];
            }[];
            matchFields?: {
              key: string;
              operator: string;
              values?: string[];
            }[];
          };
          weight: number;
        }[];
        requiredDuringSchedulingIgnoredDuringExecution?: {
          nodeSelectorTerms: {
            matchExpressions?: {
              key: string;
              operator: string;
              values?: string[];
            }[];
            matchFields?: {
              key: string;
              operator: string;
              values?: string[];
            }[];
          }[];
        };
      };
      podAffinity?: {
        preferredDuringSchedulingIgnoredDuringExecution?: {
          podAffinityTerm: {
            labelSelector?: {
              matchExpressions?: {
                key: string;
                operator: string;
                values?: string[];
              }[];
              matchLabels?: {
                [k: string]: string;
              };
            };
            matchLabelKeys?: string[];
            mismatchLabelKeys?: string[];
            namespaceSelector?: {
              matchExpressions?: {
                key: string;
                operator: string;
                values?: string[];
              }[];
              matchLabels?: {
                [k: string]: string;
              };
            };
            namespaces?: string[];
            topologyKey: string;
          };
          weight: number;
        }[];
        requiredDuringSchedulingIgnoredDuringExecution?: {
          labelSelector?: {
            matchExpressions?: {
              key: string;
              operator: string;
              values?: string[];
            }[];
            matchLabels?: {
              [k: string]: string;
            };
          };
          matchLabelKeys?: string[];
          mismatchLabelKeys?: string[];
          namespaceSelector?: {
            matchExpressions?: {
              key: string;
              operator: string;
              values?: string[];
            }[];
            matchLabels?: {
              [k: string]: string;
            };
          };
          namespaces?: string[];
          topologyKey: string;
        }[];
      };
      podAntiAffinity?: {
        preferredDuringSchedulingIgnoredDuringExecution?: {
          podAffinityTerm: {
            labelSelector?: {
              matchExpressions?: {
                key: string;
                operator: string;
                values?: string[];
              }[];
              matchLabels?: {
                [k: string]: string;
              };
            };
            matchLabelKeys?: string[];
            mismatchLabelKeys?: string[];
            namespaceSelector?: {
              matchExpressions?: {
                key: string;
                operator: string;
                values?: string[];
              }[];
              matchLabels?: {
                [k: string]: string;
              };
            };
            namespaces?: string[];
            topologyKey: string;
          };
          weight: number;
        }[];
        requiredDuringSchedulingIgnoredDuringExecution?: {
          labelSelector?: {
            matchExpressions?: {
              key: string;
              operator: string;
              values?: string[];
            }[];
            matchLabels?: {
              [k: string]: string;
            };
          };
          matchLabelKeys?: string[];
          mismatchLabelKeys?: string[];
          namespaceSelector?: {
            matchExpressions?: {
              key: string;
              operator: string;
              values?: string[];
            }[];
            matchLabels?: {
              [k: string]: string;
            };
          };
          namespaces?: string[];
          topologyKey: string;
        }[];
      };
    };
    /**
     * Extra annotations of the pods.
     */
    annotations?: {
      [k: string]: string;
    };
    /**
     * Secrets for the registry.
     */
    imagePullSecrets?: {
      name: string;
    }[];
    /**
     * Extra labels of the pods.
     */
    labels?: {
      [k: string]: string;
    };
    /**
     * Labels that a node must have.
     */
    nodeSelector?: {
      [k: string]: string;
    };
    /**
     * The pods' priority.
     */
    priorityClassName?: string;
    /**
     * Resources of the serving container besides cpu and memory, for example nvidia.com/gpu; requests equal limits.
     */
    resources?: {
      /**
       * A Kubernetes quantity: text, or a whole number.
       */
      [k: string]: string | number;
    };
    /**
     * The pods' container runtime.
     */
    runtimeClassName?: string;
    /**
     * What the serving container relaxes.
     */
    securityContext?: {
      /**
       * Root file system read-only. Default true.
       */
      readOnlyRootFilesystem?: boolean;
      /**
       * gid. Default 65532.
       */
      runAsGroup?: number;
      /**
       * Refuse uid 0. Default true.
       */
      runAsNonRoot?: boolean;
      /**
       * uid. Default 65532.
       */
      runAsUser?: number;
    };
    /**
     * The pods' ServiceAccount.
     */
    serviceAccountName?: string;
    /**
     * Taints that are tolerated.
     */
    tolerations?: {
      effect?: string;
      key?: string;
      operator?: string;
      tolerationSeconds?: number;
      value?: string;
    }[];
    /**
     * Replaces the preference to spread over zones.
     */
    topologySpreadConstraints?: {
      labelSelector?: {
        matchExpressions?: {
          key: string;
          operator: string;
          values?: string[];
        }[];
        matchLabels?: {
          [k: string]: string;
        };
      };
      matchLabelKeys?: string[];
      maxSkew: number;
      minDomains?: number;
      nodeAffinityPolicy?: string;
      nodeTaintsPolicy?: string;
      topologyKey: string;
      whenUnsatisfiable: string;
    }[];
    /**
     * Volumes of the serving container.
     *
     * Items: A volume and its mount in the serving container: exactly one source.
     */
    volumes?: {
      /**
       * A ConfigMap.
       */
      configMap?: {
        defaultMode?: number;
        items?: {
          key: string;
          mode?: number;
          path: string;
        }[];
        name: string;
        optional?: boolean;
      };
      /**
       * Fields of the pod.
       */
      downwardAPI?: {
        defaultMode?: number;
        items?: {
          fieldRef?: {
            apiVersion?: string;
            fieldPath: string;
          };
          mode?: number;
          path: string;
          resourceFieldRef?: {
            containerName?: string;
            divisor?: string | number;
            resource: string;
          };
        }[];
      };
      /**
       * An empty directory.
       */
      emptyDir?: {
        /**
         * medium represents what type of storage medium should back this directory.
         */
        medium?: string;
        /**
         * sizeLimit is the total amount of local storage required for this EmptyDir volume.
         */
        sizeLimit?: string | number;
      };
      /**
       * A volume that lives as long as the pod.
       */
      ephemeral?: {
        volumeClaimTemplate?: {
          metadata?: {
            annotations?: {
              [k: string]: string;
            };
            creationTimestamp?: string;
            deletionGracePeriodSeconds?: number;
            deletionTimestamp?: string;
            finalizers?: string[];
            generateName?: string;
            generation?: number;
            labels?: {
              [k: string]: string;
            };
            managedFields?: {
              apiVersion?: string;
              fieldsType?: string;
              fieldsV1?: {};
              manager?: string;
              operation?: string;
              subresource?: string;
              time?: string;
            }[];
            name?: string;
            namespace?: string;
            ownerReferences?: {
              apiVersion: string;
              blockOwnerDeletion?: boolean;
              controller?: boolean;
              kind: string;
              name: string;
              uid: string;
            }[];
            resourceVersion?: string;
            selfLink?: string;
            uid?: string;
          };
          spec: {
            accessModes?: string[];
            dataSource?: {
              apiGroup?: string;
              kind: string;
              name: string;
            };
            dataSourceRef?: {
              apiGroup?: string;
              kind: string;
              name: string;
              namespace?: string;
            };
            resources?: {
              limits?: {
                [k: string]: string | number;
              };
              requests?: {
                [k: string]: string | number;
              };
            };
            selector?: {
              matchExpressions?: {
                key: string;
                operator: string;
                values?: string[];
              }[];
              matchLabels?: {
                [k: string]: string;
              };
            };
            storageClassName?: string;
            volumeAttributesClassName?: string;
            volumeMode?: string;
            volumeName?: string;
          };
        };
      };
      /**
       * Absolute path in the container.
       */
      mountPath: string;
      /**
       * A DNS label, unique, and none of Modelwright's.
       */
      name: string;
      /**
       * A claim.
       */
      persistentVolumeClaim?: {
        claimName: string;
        readOnly?: boolean;
      };
      /**
       * Several sources in one directory.
       */
      projected?: {
        defaultMode?: number;
        sources?: {
          clusterTrustBundle?: {
            labelSelector?: {
              matchExpressions?: {
                key: string;
                operator: string;
                values?: string[];
              }[];
              matchLabels?: {
                [k: string]: string;
              };
            };
            name?: string;
            optional?: boolean;
            path: string;
            signerName?: string;
          };
          configMap?: {
            items?: {
              key: string;
              mode?: number;
              path: string;
            }[];
            name: string;
            optional?: boolean;
          };
          downwardAPI?: {
            items?: {
              fieldRef?: {
                apiVersion?: string;
                fieldPath: string;
              };
              mode?: number;
              path: string;
              resourceFieldRef?: {
                containerName?: string;
                divisor?: string | number;
                resource: string;
              };
            }[];
          };
          podCertificate?: {
            certificateChainPath?: string;
            credentialBundlePath?: string;
            keyPath?: string;
            keyType: string;
            maxExpirationSeconds?: number;
            signerName: string;
            userAnnotations?: {
              [k: string]: string;
            };
          };
          secret?: {
            items?: {
              key: string;
              mode?: number;
              path: string;
            }[];
            name: string;
            optional?: boolean;
          };
          serviceAccountToken?: {
            audience?: string;
            expirationSeconds?: number;
            path: string;
          };
        }[];
      };
      /**
       * Mount it read-only. Default false.
       */
      readOnly?: boolean;
      /**
       * A Secret.
       */
      secret?: {
        defaultMode?: number;
        items?: {
          key: string;
          mode?: number;
          path: string;
        }[];
        optional?: boolean;
        secretName?: string;
      };
      /**
       * Path in the volume.
       */
      subPath?: string;
    }[];
  };
  /**
   * Versions of sidecars and template. Default: those that the Deployment was made with, or the newest.
   */
  profile?: string;
  /**
   * How the serving container answers.
   */
  server?: {
    /**
     * Path that takes requests. Default /invocations.
     */
    invocationsPath?: string;
    /**
     * Path that answers 200 when ready. Default /ping.
     */
    pingPath?: string;
    /**
     * Its port, not one of a sidecar's. Default 8080.
     */
    port?: number;
    /**
     * How long it may take to start, in seconds. Default 600.
     */
    startupTimeoutSeconds?: number;
  };
  /**
   * Where the artifact is kept: exactly one source, or none for a claim on the default class. It cannot change.
   */
  storage?: {
    /**
     * Default by source: ReadWriteMany for nfs, else ReadWriteOnce.
     *
     * Items: How a volume may be mounted.
     */
    accessModes?: ("ReadWriteOnce" | "ReadWriteMany" | "ReadWriteOncePod" | "ReadOnlyMany")[];
    /**
     * A CSI volume, as in a PersistentVolume.
     */
    csi?: {
      controllerExpandSecretRef?: {
        name?: string;
        namespace?: string;
      };
      controllerPublishSecretRef?: {
        name?: string;
        namespace?: string;
      };
      driver: string;
      fsType?: string;
      nodeExpandSecretRef?: {
        name?: string;
        namespace?: string;
      };
      nodePublishSecretRef?: {
        name?: string;
        namespace?: string;
      };
      nodeStageSecretRef?: {
        name?: string;
        namespace?: string;
      };
      readOnly?: boolean;
      volumeAttributes?: {
        [k: string]: string;
      };
      volumeHandle: string;
    };
    /**
     * Every pod downloads its own copy to a volume of its own; any number of instances.
     */
    ephemeral?: {
      /**
       * Storage class of a generic ephemeral volume. Default: an emptyDir.
       */
      storageClassName?: string;
    };
    /**
     * A claim that somebody else made.
     */
    existingClaim?: string;
    /**
     * A directory of the node, for one-node clusters.
     */
    hostPath?: {
      /**
       * Absolute path of a directory that exists.
       */
      path: string;
    };
    /**
     * An NFS export, writable by uid 65532.
     */
    nfs?: {
      /**
       * Absolute path.
       */
      path: string;
      /**
       * Host name or address.
       */
      server: string;
    };
    /**
     * Size of the volume. Default 10Gi. Grows for a storage class, never shrinks.
     */
    size?: string | number;
    /**
     * A storage class that provisions the volume.
     */
    storageClassName?: string;
  };
}
/**
 * The status of a custom resource: what was observed, never what was planned.
 */
export interface Status {
  /**
   * Generation of the custom resource that this status is about.
   */
  observedGeneration?: number;
  /**
   * The conditions as one word.
   */
  state?: "creating" | "available" | "updating" | "deleting" | "failed";
  /**
   * Accepted, Ready, Progressing, and what a kind needs.
   */
  conditions?: Condition[];
  /**
   * Model: the profile that the Deployment was made with.
   */
  profile?: string;
  /**
   * Model: wanted replicas.
   */
  replicas?: number;
  /**
   * Model: available replicas.
   */
  availableReplicas?: number;
  /**
   * EndpointConfig: hosts of the observed VirtualService.
   */
  hosts?: string[];
  /**
   * EndpointConfig: weights of the observed VirtualService.
   */
  routes?: Route[];
  /**
   * EndpointConfig: the path on which its Models take requests.
   */
  invocationsPath?: string;
  /**
   * Endpoint: where requests go.
   */
  url?: string;
  /**
   * Endpoint: metrics of one pod of one variant.
   */
  monitoringUrl?: string;
  /**
   * Endpoint: metrics by variant.
   */
  variants?: VariantStatus[];
}
/**
 * A condition, as in Kubernetes.
 */
export interface Condition {
  /**
   * What it is about.
   */
  type: string;
  /**
   * Whether it holds.
   */
  status: "True" | "False" | "Unknown";
  /**
   * Why, in one CamelCase word.
   */
  reason: string;
  /**
   * Why, in one sentence.
   */
  message: string;
  /**
   * RFC 3339 time at which the status last changed; absent where no time was handed in.
   */
  lastTransitionTime?: string;
  /**
   * Generation of the custom resource that it is about.
   */
  observedGeneration?: number;
}
/**
 * An observed route.
 */
export interface Route {
  /**
   * The Model.
   */
  model: string;
  /**
   * Its weight.
   */
  weight: number;
}
/**
 * Where a variant's metrics are.
 */
export interface VariantStatus {
  /**
   * The variant.
   */
  name: string;
  /**
   * Its metrics.
   */
  monitoringUrl: string;
}
/**
 * What the user says of an EndpointConfig.
 */
export interface EndpointConfig {
  /**
   * Group and version.
   */
  apiVersion: "mlops.internal/v1alpha1";
  /**
   * The kind.
   */
  kind: "EndpointConfig";
  /**
   * Name and namespace, and what the API server adds.
   */
  metadata: ObjectMeta;
  spec: EndpointConfigSpec;
  /**
   * What was observed; in a file it is left out.
   */
  status?: Status;
}
/**
 * What the user says of an EndpointConfig.
 */
export interface EndpointConfigSpec {
  /**
   * The variants that share the traffic.
   *
   * Items: A variant: a Model and its share.
   */
  models: {
    /**
     * Cores of the serving container. Default: the Model's.
     */
    cpus?: string | number;
    /**
     * Replicas. Default: the Model's.
     */
    instances?: number;
    /**
     * Memory of the serving container. Default: the Model's.
     */
    memory?: string | number;
    /**
     * The Model's name in the same namespace, unique in the config.
     */
    model: string;
    /**
     * A DNS label, unique in the config; callers pin a variant by it.
     */
    name: string;
    /**
     * Share of the traffic: weight / sum of the weights.
     */
    weight: number;
  }[];
  /**
   * Longest time for one request, in seconds. Default 60.
   */
  timeoutSeconds?: number;
}
/**
 * What the user says of an Endpoint.
 */
export interface Endpoint {
  /**
   * Group and version.
   */
  apiVersion: "mlops.internal/v1alpha1";
  /**
   * The kind.
   */
  kind: "Endpoint";
  /**
   * Name and namespace, and what the API server adds.
   */
  metadata: ObjectMeta;
  spec: EndpointSpec;
  /**
   * What was observed; in a file it is left out.
   */
  status?: Status;
}
/**
 * What the user says of an Endpoint.
 */
export interface EndpointSpec {
  /**
   * The EndpointConfig's name in the same namespace.
   */
  config: string;
  /**
   * Which Istio gateway takes the host.
   */
  gateway: {
    /**
     * Labels of the ingress gateway's pods, for example {istio: ingressgateway}.
     */
    selector: {
      [k: string]: string;
    };
  };
  /**
   * Fully qualified DNS name, for example titanic.example.com. The oldest Endpoint with a host keeps it.
   */
  host: string;
  /**
   * Serve https and redirect http. Default: http only.
   */
  tls?: {
    /**
     * A Secret in the namespace of the ingress gateway's pods.
     */
    credentialName: string;
  };
}
/**
 * An object of any kind, as the API server gives it, managedFields included: without them nobody can tell whose a field is.
 */
export interface KubernetesObject {
  /**
   * For example `apps/v1`.
   */
  apiVersion: string;
  /**
   * For example `Deployment`.
   */
  kind: string;
  /**
   * Name, namespace, labels and what the API server adds.
   */
  metadata?: ObjectMeta;
  [k: string]: any;
}
/**
 * A kind that could not be read. Unknown is not empty: what would need it is held.
 */
export interface Unreadable {
  /**
   * For example `apps/v1`.
   */
  apiVersion: string;
  /**
   * For example `Deployment`.
   */
  kind: string;
  /**
   * Where; absent or empty: everywhere.
   */
  namespace?: string;
}
/**
 * What a host lets Models use. Absent: capture allowed, static volumes denied, any artifact host, no image mapped.
 */
export interface Policy {
  /**
   * `any`: every nfs server, csi driver and host path. `listed`: only those listed below.
   */
  staticVolumes?: "any" | "listed";
  /**
   * NFS servers that a Model may mount from.
   */
  nfsServers?: string[];
  /**
   * CSI drivers that a Model may name.
   */
  csiDrivers?: string[];
  /**
   * Folders of nodes below which a Model may mount.
   */
  hostPathPrefixes?: string[];
  /**
   * Hosts that artifacts may come from; empty: any.
   */
  artifactHosts?: string[];
  /**
   * Whether requests may be captured, which needs root and NET_RAW in one sidecar.
   */
  capture?: boolean;
  /**
   * Image reference → its mirror or digest.
   */
  images?: {
    [k: string]: string;
  };
}
/**
 * What may be done that otherwise is not.
 */
export interface Allow {
  /**
   * Whether a replacement may lose data.
   */
  dataLoss?: boolean;
}
/**
 * What one custom resource needs.
 */
export interface Answer {
  /**
   * `apply`, or `hold`: touch nothing, write the status, report the diagnostics.
   */
  outcome: "apply" | "hold";
  /**
   * What should exist now, complete as far as Modelwright means it. Empty on `hold`: that never means that nothing should exist.
   */
  children: KubernetesObject[];
  /**
   * The plan.
   */
  plan: Plan;
  /**
   * The status, from observed facts alone.
   */
  status: Status;
  /**
   * All findings at once.
   */
  diagnostics: Diagnostic[];
}
/**
 * `plan/v1`: what differs, in which order it is changed, why, and by which exact requests.
 */
export interface Plan {
  /**
   * `1.0`: minor versions add members, major ones are another format.
   */
  formatVersion: string;
  /**
   * Who made it.
   */
  component: Component;
  /**
   * Totals.
   */
  summary: Summary;
  /**
   * Every object, sorted by kind, namespace, name; unchanged ones, too.
   */
  objects: ObjectPlan[];
  /**
   * In the order of execution.
   */
  actions: Action[];
  /**
   * What a gate holds back, and why.
   */
  waiting: Waiting[];
  /**
   * What others changed on paths that we own, as in `objects`.
   */
  drift: Drift[];
  /**
   * The statuses that the host writes, one for each custom resource.
   */
  statuses: StatusWrite[];
  /**
   * All findings, sorted.
   */
  diagnostics: Diagnostic[];
  /**
   * The custom resource of a plan for one; absent in a plan for a set.
   */
  subject?: Subject;
  /**
   * The kinds whose dependants another host makes; absent where there are none. Then `actions` are about the custom resources alone, and what that host will do is under `waiting`, gate `another-host`.
   */
  carriedOutBy?: Charge[];
}
/**
 * The program that made an answer.
 */
export interface Component {
  /**
   * `modelwright`.
   */
  name: string;
  /**
   * Its version.
   */
  version: string;
}
/**
 * Totals of a plan.
 */
export interface Summary {
  /**
   * Objects to create.
   */
  create: number;
  /**
   * Objects to update.
   */
  update: number;
  /**
   * Objects to replace.
   */
  replace: number;
  /**
   * Objects to delete.
   */
  delete: number;
  /**
   * Objects as they should be.
   */
  unchanged: number;
  /**
   * Entries of `waiting`.
   */
  waiting: number;
  /**
   * Objects that are somebody else's.
   */
  conflict: number;
  /**
   * Whether any action loses data.
   */
  dataLoss: boolean;
  /**
   * The totals as one line.
   */
  text: string;
}
/**
 * What a plan says about one object.
 */
export interface ObjectPlan {
  /**
   * `apps/v1|Deployment|namespace|name`.
   */
  id: string;
  /**
   * Whether it is in a namespace.
   */
  scope: "namespaced" | "cluster";
  /**
   * What it is for, for example `model-deployment`.
   */
  role: string;
  /**
   * What happens to it.
   */
  verb: Verb;
  /**
   * Why: `Absent`, `SpecChanged`, `Drift`, `NoLongerWanted`, `TakeOwnership`, `ImmutableField`, `NotOurs`, `WaitingForGone`, `DataLossRefused`, `InUse`, `AnotherHost`, `HandedOver`, `Requested`, `Undone`, `NamespaceTerminating`, empty when unchanged. The set is open.
   */
  reason: string;
  /**
   * Immutable paths that differ.
   */
  replacePaths: Path[];
  /**
   * What differs, sorted by path.
   */
  changes: Change[];
  /**
   * How many desired fields are already as they should be.
   */
  unchangedFields: number;
  /**
   * Paths whose value the server decides, or that are not known yet.
   */
  unknownAfter: Path[];
  /**
   * Paths that we set and another manager owns.
   */
  conflicts: Change[];
  /**
   * managedFields were stripped, so fields that are no longer wanted cannot be seen.
   */
  removalsUnknown: boolean;
  /**
   * The object as it was observed.
   */
  observed: Guard;
  /**
   * Whether the observed object has reached what it says.
   */
  readiness: Readiness;
}
/**
 * One difference.
 */
export interface Change {
  /**
   * Where.
   */
  path: Path;
  /**
   * The same for people: `spec.template.spec.containers[name=model].image`.
   */
  text: string;
  /**
   * `add`: absent before. `remove`: absent after; we owned it. `change`: another value. `release`: we give up ownership and the value stays. `default`: we stop setting it and the server's default returns. `conflict`: another manager owns it and we set it.
   */
  op: "add" | "remove" | "change" | "release" | "default" | "conflict";
  /**
   * The live value, `null` when absent.
   */
  before: unknown;
  /**
   * The desired value, `null` when absent.
   */
  after: unknown;
  /**
   * The manager that owns the path now, when it is not us; else empty.
   */
  owner: string;
  /**
   * Whether `before` and `after` are masked.
   */
  sensitive: boolean;
}
/**
 * The object as it was observed.
 */
export interface Guard {
  /**
   * `metadata.uid`; empty when absent.
   */
  uid: string;
  /**
   * `metadata.resourceVersion`; empty when absent.
   */
  resourceVersion: string;
}
/**
 * Whether an observed object has reached what it says.
 */
export interface Readiness {
  /**
   * How far it is.
   */
  status: "NotFound" | "InProgress" | "Failed" | "Current" | "Terminating";
  /**
   * Why, CamelCase; may be empty.
   */
  reason: string;
}
/**
 * One API call.
 */
export interface Action {
  /**
   * `<verb> <object id>`.
   */
  id: string;
  /**
   * The object's id.
   */
  object: string;
  /**
   * What is done.
   */
  verb: ActionVerb;
  /**
   * Why, as in `objects` of a plan.
   */
  reason: string;
  /**
   * Ids of actions that come first.
   */
  after: string[];
  /**
   * Takes something away that serves, or interrupts it.
   */
  disruptive: boolean;
  /**
   * Deletes or replaces an object.
   */
  destructive: boolean;
  /**
   * Loses data; only with permission.
   */
  dataLoss: boolean;
  /**
   * The exact request.
   */
  request: Request;
  /**
   * How to read the answer's status code.
   */
  expect: Expect;
  /**
   * One sentence.
   */
  text: string;
}
/**
 * An exact API request.
 */
export interface Request {
  /**
   * HTTP method.
   */
  method: "POST" | "PUT" | "PATCH" | "DELETE";
  /**
   * Path without query.
   */
  path: string;
  /**
   * Query parameters.
   */
  query: {
    [k: string]: string;
  };
  /**
   * Of the body; empty without one.
   */
  contentType: string;
  /**
   * The body; `null` without one.
   */
  body: unknown;
}
/**
 * How to read the status code of the answer.
 */
export interface Expect {
  /**
   * The action is done.
   */
  done: number[];
  /**
   * The world changed: drop the rest of the plan and observe again.
   */
  observeAgain: number[];
  /**
   * The object is gone, which is fine for a delete.
   */
  gone: number[];
}
/**
 * What a gate holds back.
 */
export interface Waiting {
  /**
   * The object's id.
   */
  object: string;
  /**
   * `owner`, `traffic`, `cut-over`, `in-use`, `hold`, `gone`, `endpoint`, `data-loss`, `bound`, `another-host`, `conflict`, `undone`. The set is open.
   */
  gate: string;
  /**
   * Ids of the objects whose state it waits for.
   */
  waitsFor: string[];
  /**
   * The facts, for example `available 0 of 2`.
   */
  facts: string;
  /**
   * One sentence.
   */
  text: string;
}
/**
 * What others changed on a path that we own.
 */
export interface Drift {
  /**
   * The object's id.
   */
  object: string;
  /**
   * Where and what.
   */
  change: Change;
}
/**
 * A status that a host writes.
 */
export interface StatusWrite {
  /**
   * The custom resource's id.
   */
  object: string;
  /**
   * Whether it differs from the observed one; only then is it written.
   */
  changed: boolean;
  /**
   * The status.
   */
  status: Status;
  /**
   * The exact request; `null` while the resource does not exist.
   */
  request: Request | null;
}
/**
 * One finding about an input.
 */
export interface Diagnostic {
  /**
   * An `error` stops what it names, a `warning` costs something, an `info` is for reading.
   */
  severity: "error" | "warning" | "info";
  /**
   * Stable CamelCase word, for programs.
   */
  code: string;
  /**
   * The object as `Kind/namespace/name`; empty where there is none.
   */
  object: string;
  /**
   * JSON Pointer (RFC 6901) into that object; empty for the whole.
   */
  path: string;
  /**
   * One sentence for people.
   */
  message: string;
  /**
   * What to do about it; may be empty.
   */
  help: string;
}
/**
 * The custom resource that a plan is for.
 */
export interface Subject {
  /**
   * As in the object.
   */
  apiVersion: string;
  /**
   * As in the object.
   */
  kind: string;
  /**
   * As in the object.
   */
  namespace: string;
  /**
   * As in the object.
   */
  name: string;
  /**
   * Empty before it exists.
   */
  uid: string;
  /**
   * 0 before it exists.
   */
  generation: number;
}
/**
 * A kind of custom resource whose dependants another host makes.
 */
export interface Charge {
  /**
   * The kind.
   */
  kind: string;
  /**
   * `Metacontroller`.
   */
  host: string;
  /**
   * The CompositeController; empty where none could be read.
   */
  controller: string;
}
/**
 * A whole set of custom resources and what was observed. Members that are not listed are refused.
 */
export interface SetObservation {
  /**
   * Custom resources as somebody wants them: the content of files. Absent: the observed ones are what is wanted.
   */
  resources?: CustomResource[];
  /**
   * Custom resources that the user asks to delete.
   */
  delete?: Deletion[];
  /**
   * Everything that was read: what `requirements` names, the custom resources among them. Empty: an empty cluster.
   */
  observed?: KubernetesObject[];
  /**
   * What could not be read. What is neither observed nor named here does not exist.
   */
  unreadable?: Unreadable[];
  /**
   * RFC 3339 time for `lastTransitionTime` alone; absent or empty: it is left out.
   */
  now?: string;
  /**
   * What Models may use; absent: the default.
   */
  policy?: Policy;
  /**
   * The field manager; absent or empty: `modelwright`.
   */
  manager?: string;
  /**
   * What may be done that otherwise is not.
   */
  allow?: Allow;
  /**
   * Those that were read as a whole: nothing is decided in others. Empty: everything was read.
   */
  namespaces?: string[];
  /**
   * An earlier plan of this host: an update that somebody undid is not made again, gate `undone`.
   */
  previous?: PreviousPlan;
  /**
   * Whether a plan is carried out that somebody approved: every update and delete is refused unless the object is as it was observed.
   */
  saved?: boolean;
}
/**
 * A custom resource that the user asks to delete. It goes once nothing names it and nothing routes to it.
 */
export interface Deletion {
  /**
   * Its kind.
   */
  kind: "Model" | "EndpointConfig" | "Endpoint";
  /**
   * Its namespace.
   */
  namespace: string;
  /**
   * Its name.
   */
  name: string;
  /**
   * `mlops.internal/v1alpha1`, or absent.
   */
  apiVersion?: "mlops.internal/v1alpha1";
}
/**
 * An earlier plan, whole or reduced to what was done.
 */
export interface PreviousPlan {
  /**
   * Objects that were changed.
   *
   * Items: An object of the earlier plan.
   */
  objects: {
    /**
     * As in that plan.
     */
    id: string;
    /**
     * As in that plan.
     */
    changes: PreviousChange[];
    /**
     * As in that plan.
     */
    observed?: {
      /**
       * As in that plan.
       */
      uid: string;
      /**
       * As in that plan.
       */
      resourceVersion?: string;
    };
    [k: string]: any;
  }[];
  /**
   * Actions that were done.
   *
   * Items: An action of the earlier plan.
   */
  actions: {
    /**
     * The object's id.
     */
    object: string;
    /**
     * As in that plan.
     */
    verb?: ActionVerb;
    [k: string]: any;
  }[];
  /**
   * As in that plan.
   */
  formatVersion?: string;
  [k: string]: any;
}
/**
 * A change of an earlier plan, whole or reduced to what it was.
 */
export interface PreviousChange {
  /**
   * As in that plan.
   */
  path: Path;
  /**
   * As in that plan.
   */
  before: unknown;
  /**
   * As in that plan.
   */
  after: unknown;
  [k: string]: any;
}
/**
 * `forecast/v1`: the rounds of a roll-out before it starts.
 */
export interface Forecast {
  /**
   * `1.0`: minor versions add members, major ones are another format.
   */
  formatVersion: string;
  /**
   * Who made it.
   */
  component: Component;
  /**
   * In order; a round is one plan carried out and what the cluster then does.
   */
  rounds: Round[];
  /**
   * How it ends.
   */
  end: ForecastEnd;
  /**
   * The findings of the first plan, sorted.
   */
  diagnostics: Diagnostic[];
}
/**
 * One plan carried out, and what the cluster then does.
 */
export interface Round {
  /**
   * From 1.
   */
  number: number;
  /**
   * Totals of its plan.
   */
  summary: Summary;
  /**
   * In the order of execution.
   */
  actions: ForecastStep[];
  /**
   * What its plan holds back.
   */
  waiting: Waiting[];
  /**
   * What the cluster does when the actions are done, in sentences.
   */
  events: string[];
  /**
   * The split of the requests after the round, by host.
   */
  traffic: Traffic[];
}
/**
 * An action without its request.
 */
export interface ForecastStep {
  /**
   * `<verb> <object id>`.
   */
  id: string;
  /**
   * The object's id.
   */
  object: string;
  /**
   * What is done.
   */
  verb: ActionVerb;
  /**
   * Why, as in `objects` of a plan.
   */
  reason: string;
  /**
   * One sentence.
   */
  text: string;
  /**
   * Takes something away that serves, or interrupts it.
   */
  disruptive: boolean;
  /**
   * Deletes or replaces an object.
   */
  destructive: boolean;
  /**
   * Loses data; only with permission.
   */
  dataLoss: boolean;
  /**
   * Who does it, where that is not this host; else absent.
   */
  by?: string;
}
/**
 * Who answers the requests of a host.
 */
export interface Traffic {
  /**
   * The host.
   */
  host: string;
  /**
   * In order of the Models' names.
   */
  routes: Share[];
}
/**
 * The share of a Model: its weight of the sum of the weights.
 */
export interface Share {
  /**
   * `namespace/name`.
   */
  model: string;
  /**
   * As routed.
   */
  weight: number;
}
/**
 * How a forecast ends.
 */
export interface ForecastEnd {
  /**
   * `Done`: nothing is left to do. `Waiting`: a gate cannot open. `Invalid`: something is invalid and stays as it is. `RoundLimit`: it does not come to rest.
   */
  reason: "Done" | "Waiting" | "Invalid" | "RoundLimit";
  /**
   * One sentence.
   */
  text: string;
  /**
   * What cannot go on.
   */
  waiting: Waiting[];
}
/**
 * As for a plan, and whether gates are ignored.
 */
export interface RenderRequest {
  /**
   * Custom resources as somebody wants them: the content of files. Absent: the observed ones are what is wanted.
   */
  resources?: CustomResource[];
  /**
   * Custom resources that the user asks to delete.
   */
  delete?: Deletion[];
  /**
   * Everything that was read: what `requirements` names, the custom resources among them. Empty: an empty cluster.
   */
  observed?: KubernetesObject[];
  /**
   * What could not be read. What is neither observed nor named here does not exist.
   */
  unreadable?: Unreadable[];
  /**
   * RFC 3339 time for `lastTransitionTime` alone; absent or empty: it is left out.
   */
  now?: string;
  /**
   * What Models may use; absent: the default.
   */
  policy?: Policy;
  /**
   * The field manager; absent or empty: `modelwright`.
   */
  manager?: string;
  /**
   * What may be done that otherwise is not.
   */
  allow?: Allow;
  /**
   * Those that were read as a whole: nothing is decided in others. Empty: everything was read.
   */
  namespaces?: string[];
  /**
   * An earlier plan of this host: an update that somebody undid is not made again, gate `undone`.
   */
  previous?: PreviousPlan;
  /**
   * Whether a plan is carried out that somebody approved: every update and delete is refused unless the object is as it was observed.
   */
  saved?: boolean;
  /**
   * Whether what a gate holds back is rendered, too.
   */
  all?: boolean;
}
/**
 * Objects of one kind that a host must read.
 */
export interface Selector {
  /**
   * For example `apps/v1`.
   */
  apiVersion: string;
  /**
   * For example `Deployment`.
   */
  kind: string;
  /**
   * The plural name in URLs.
   */
  resource: string;
  /**
   * Empty: a cluster-scoped kind, or the whole cluster.
   */
  namespace: string;
  /**
   * Empty: all of the kind.
   */
  names: string[];
  /**
   * What it is read for.
   */
  reason: string;
}
/**
 * An edit of a custom resource.
 */
export interface EditToValidate {
  /**
   * The custom resource after the edit.
   */
  object: CustomResource;
  /**
   * The one before; absent or `null` for a new one.
   */
  old?: CustomResource | null;
}
/**
 * Two objects of any kind that are the same one.
 */
export interface DiffRequest {
  /**
   * The object as somebody means it.
   */
  desired: KubernetesObject;
  /**
   * The object as it is; absent or `null` for what does not exist.
   */
  live?: KubernetesObject | null;
  /**
   * The field manager; absent: `modelwright`.
   */
  manager?: string;
}
/**
 * What differs, and what would be done about it.
 */
export interface Difference {
  /**
   * What would happen to the object.
   */
  verb: Verb;
  /**
   * Why, as in `objects` of a plan.
   */
  reason: string;
  /**
   * What differs, sorted by path. Data of Secrets is masked.
   */
  changes: Change[];
  /**
   * Paths that we set and another manager owns.
   */
  conflicts: Change[];
  /**
   * What others changed on paths that we own.
   */
  drift: Change[];
  /**
   * Immutable paths that differ.
   */
  replacePaths: Path[];
  /**
   * Whether a replacement loses data.
   */
  dataLoss: boolean;
  /**
   * How many desired fields are already as they should be.
   */
  unchangedFields: number;
  /**
   * Paths whose value the server decides.
   */
  unknownAfter: Path[];
  /**
   * managedFields were stripped, so fields that are no longer wanted cannot be seen.
   */
  removalsUnknown: boolean;
  /**
   * All findings.
   */
  diagnostics: Diagnostic[];
}
/**
 * A CustomResourceDefinition (`apiextensions.k8s.io/v1`).
 */
export interface CustomResourceDefinition {
  /**
   * Of the definition.
   */
  apiVersion: "apiextensions.k8s.io/v1";
  /**
   * Of the definition.
   */
  kind: "CustomResourceDefinition";
  /**
   * Its name.
   */
  metadata: ObjectMeta;
  /**
   * Names, schema and printer columns.
   */
  spec: {
    [k: string]: any;
  };
}
/**
 * Version, contract and limits.
 */
export interface Info {
  /**
   * `modelwright`.
   */
  name: string;
  /**
   * Version of the core and of this package.
   */
  version: string;
  /**
   * Version of the contract, that of the WIT package.
   */
  contract: string;
  /**
   * `mlops.internal/v1alpha1`.
   */
  api: string;
  /**
   * Profiles of sidecars that are known, oldest first.
   */
  profiles: string[];
  /**
   * Digest of the sources of the core: two builds with equal rules say so.
   */
  rules: string;
  /**
   * What a request may have.
   */
  limits: Limits;
}
/**
 * What a request may have.
 */
export interface Limits {
  /**
   * Bytes of its JSON.
   */
  bytes: number;
  /**
   * Nesting.
   */
  depth: number;
  /**
   * Values in all.
   */
  values: number;
}
/**
 * The API requests that do what was asked.
 */
export interface Requests {
  /**
   * In order; none when a diagnostic is an error.
   */
  requests: Request[];
  /**
   * All findings.
   */
  diagnostics: Diagnostic[];
}
/**
 * An update of a custom resource.
 */
export interface Update {
  /**
   * The custom resource as it is meant to be.
   */
  object: CustomResource;
  /**
   * The same as the API server has it.
   */
  observed: CustomResource;
}
/**
 * A request of Metacontroller and what its host knows.
 */
export interface CompositeRequest {
  /**
   * The body that was posted.
   */
  request: CompositeBody;
  /**
   * What the host knows.
   */
  host?: HostInput;
}
/**
 * Body of the sync and finalize hooks of a CompositeController (hook version v2).
 */
export interface CompositeBody {
  /**
   * The custom resource.
   */
  parent: CustomResource;
  /**
   * What it owns.
   */
  children: ObjectsByKind;
  /**
   * What the customize hook asked for.
   */
  related: ObjectsByKind;
  /**
   * Whether the parent is being deleted.
   */
  finalizing?: boolean;
  /**
   * The controller, as Metacontroller sends it.
   */
  controller?: {
    [k: string]: any;
  };
  [k: string]: any;
}
/**
 * Objects by `Kind.version`, or `Kind.group/version`, then by `namespace/name`, or `name`.
 */
export interface ObjectsByKind {
  [k: string]: {
    [k: string]: KubernetesObject;
  };
}
/**
 * What a hook's host knows and the request does not say.
 */
export interface HostInput {
  /**
   * RFC 3339 time for `lastTransitionTime` alone; absent or empty: it is left out.
   */
  now?: string;
  /**
   * What Models may use, as an object or as its JSON text; absent or empty: the default.
   */
  policy?: Policy | string;
}
/**
 * What Metacontroller takes from a sync or finalize hook.
 */
export interface CompositeAnswer {
  /**
   * The status of the parent.
   */
  status: Status;
  /**
   * What should exist: what is missing is deleted.
   */
  children: KubernetesObject[];
  /**
   * 0: not by time.
   */
  resyncAfterSeconds: number;
  /**
   * Whether the parent may go; only while it is being deleted.
   */
  finalized?: boolean;
}
/**
 * The body was not understood, or nothing safe can be answered.
 */
export interface Refusal {
  /**
   * HTTP status code: 400 malformed, 413 over a limit, 500 what cannot be answered without harm.
   */
  code: 400 | 413 | 500;
  /**
   * One short sentence.
   */
  body: string;
}
/**
 * A request of Metacontroller and what its host knows.
 */
export interface CustomizeRequest {
  /**
   * The body that was posted.
   */
  request: CustomizeBody;
  /**
   * What the host knows.
   */
  host?: HostInput;
}
/**
 * Body of the customize hook (hook version v2).
 */
export interface CustomizeBody {
  /**
   * A custom resource, or the Namespace of the decorator.
   */
  parent: KubernetesObject;
  /**
   * The controller, as Metacontroller sends it.
   */
  controller?: {
    [k: string]: any;
  };
  [k: string]: any;
}
/**
 * What Metacontroller reads beside children.
 */
export interface RelatedResources {
  /**
   * Selectors.
   */
  relatedResources: RelatedRule[];
}
/**
 * Objects of one kind.
 */
export interface RelatedRule {
  /**
   * For example `apps/v1`.
   */
  apiVersion: string;
  /**
   * The plural name in URLs.
   */
  resource: string;
  /**
   * Absent: a cluster-scoped kind, or the whole cluster.
   */
  namespace?: string;
  /**
   * Absent: all of the kind.
   */
  names?: string[];
}
/**
 * A request of Metacontroller and what its host knows.
 */
export interface DecoratorRequest {
  /**
   * The body that was posted.
   */
  request: DecoratorBody;
  /**
   * What the host knows.
   */
  host?: HostInput;
}
/**
 * Body of the sync hook of the DecoratorController (hook version v2).
 */
export interface DecoratorBody {
  /**
   * The Namespace.
   */
  object: KubernetesObject;
  /**
   * What the decorator made.
   */
  attachments: ObjectsByKind;
  /**
   * What the customize hook asked for.
   */
  related: ObjectsByKind;
  /**
   * Whether the Namespace is being deleted.
   */
  finalizing?: boolean;
  /**
   * The controller, as Metacontroller sends it.
   */
  controller?: {
    [k: string]: any;
  };
  [k: string]: any;
}
/**
 * What Metacontroller takes from the sync hook of a decorator.
 */
export interface Attachments {
  /**
   * What should exist.
   */
  attachments: KubernetesObject[];
}
/**
 * A review and what its host knows.
 */
export interface ReviewRequest {
  /**
   * The body that was posted.
   */
  request: AdmissionReview;
  /**
   * What the host knows.
   */
  host?: HostInput;
}
/**
 * An AdmissionReview of `admission.k8s.io/v1`.
 */
export interface AdmissionReview {
  /**
   * Of the review.
   */
  apiVersion: "admission.k8s.io/v1";
  /**
   * Of the review.
   */
  kind: "AdmissionReview";
  /**
   * What the API server asks.
   */
  request: {
    /**
     * Comes back in the answer.
     */
    uid: string;
    /**
     * What is judged; `DELETE` and `CONNECT` are allowed as they are.
     */
    operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
    /**
     * The object after the operation.
     */
    object?: unknown;
    /**
     * The object before it; `null` in a create.
     */
    oldObject?: unknown;
    /**
     * Empty for the object itself.
     */
    subResource?: string;
    [k: string]: any;
  };
  [k: string]: any;
}
/**
 * An AdmissionReview with the verdict.
 */
export interface AdmissionVerdict {
  /**
   * Of the review.
   */
  apiVersion: "admission.k8s.io/v1";
  /**
   * Of the review.
   */
  kind: "AdmissionReview";
  /**
   * The verdict.
   */
  response: {
    /**
     * That of the request.
     */
    uid: string;
    /**
     * Whether the edit is let in.
     */
    allowed: boolean;
    /**
     * What `validate` warns of, and what the edit will do, a line each.
     */
    warnings?: string[];
    /**
     * Why not: only of what is denied.
     */
    status?: {
      /**
       * Always `Failure`.
       */
      status: "Failure";
      /**
       * Always 422.
       */
      code: 422;
      /**
       * Always `Invalid`.
       */
      reason: "Invalid";
      /**
       * All errors in one text.
       */
      message: string;
      /**
       * The errors one by one.
       */
      details: {
        /**
         * Of the kind.
         */
        group: string;
        /**
         * The kind.
         */
        kind: string;
        /**
         * The object's name.
         */
        name: string;
        /**
         * All errors.
         *
         * Items: An error.
         */
        causes: {
          /**
           * The code of the diagnostic.
           */
          reason: string;
          /**
           * One sentence.
           */
          message: string;
          /**
           * The field, for example `spec.models[0].weight`.
           */
          field: string;
        }[];
      };
    };
  };
}
/**
 * The caller's mistake: malformed JSON, a wrong kind, a limit exceeded. Nothing was decided; nothing may be done.
 */
export interface Failure {
  /**
   * What is wrong, for programs.
   */
  code: "Malformed" | "Unsupported" | "LimitExceeded";
  /**
   * At least one, each with what is wrong.
   *
   * @minItems 1
   */
  diagnostics: [Diagnostic, ...Diagnostic[]];
}
