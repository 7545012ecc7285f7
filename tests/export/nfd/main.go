// Node Feature Discovery's own code on what cready writes, and Kubernetes' own types on packaging/kubernetes.
//
//	nfd features RULE.yaml   reads NFD's features.d folder as its worker does, drops labels as its master does, and
//	                         matches the rules of a NodeFeatureRule; prints all of it as JSON
//	nfd decode FILE.yaml     decodes a manifest strictly, by its apiVersion and kind; prints its kind
//
// Whatever NFD logs goes to stderr.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"

	nfdv1alpha1 "sigs.k8s.io/node-feature-discovery/api/nfd/v1alpha1"
	"sigs.k8s.io/node-feature-discovery/pkg/apis/nfd/nodefeaturerule"
	"sigs.k8s.io/node-feature-discovery/pkg/apis/nfd/validate"
	"sigs.k8s.io/node-feature-discovery/source"
	"sigs.k8s.io/node-feature-discovery/source/local"
)

// What NFD makes of a features.d folder and of a rule.
type result struct {
	Features map[string]string   `json:"features"`
	Labels   map[string]string   `json:"labels"`
	Refused  map[string]string   `json:"refused"`
	Rules    []map[string]string `json:"rules"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "nfd:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: nfd features|decode FILE")
	}
	object, err := decode(args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "decode":
		fmt.Println(object.GetObjectKind().GroupVersionKind().Kind)
		return nil
	case "features":
		rule, ok := object.(*nfdv1alpha1.NodeFeatureRule)
		if !ok {
			return fmt.Errorf("%s is no NodeFeatureRule", args[1])
		}
		return features(rule)
	}
	return fmt.Errorf("unknown word %q", args[0])
}

// Strictly: an unknown field, a field twice and a kind that is not known are errors.
func decode(file string) (runtime.Object, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, nfdv1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	object, _, err := codecs.UniversalDeserializer().Decode(text, nil, nil)
	if err != nil {
		return nil, err
	}
	return object, check(object)
}

// What the API server would refuse beyond what the types say: names, and a selector that does not select.
func check(object runtime.Object) error {
	switch object := object.(type) {
	case *appsv1.DaemonSet:
		selector, err := metav1.LabelSelectorAsSelector(object.Spec.Selector)
		if err != nil {
			return err
		}
		if selector.Empty() || !selector.Matches(labels.Set(object.Spec.Template.Labels)) {
			return fmt.Errorf("the selector does not select the template's labels")
		}
		volumes := map[string]bool{}
		for _, volume := range object.Spec.Template.Spec.Volumes {
			volumes[volume.Name] = true
		}
		for _, container := range object.Spec.Template.Spec.Containers {
			for _, mount := range container.VolumeMounts {
				if !volumes[mount.Name] {
					return fmt.Errorf("there is no volume %s", mount.Name)
				}
			}
		}
		return name(object.Name)
	case *nfdv1alpha1.NodeFeatureRule:
		for _, rule := range object.Spec.Rules {
			if errs := append(validate.MatchFeatures(rule.MatchFeatures), validate.Labels(rule.Labels)...); len(errs) > 0 {
				return fmt.Errorf("rule %s: %v", rule.Name, errs)
			}
		}
		return name(object.Name)
	}
	return nil
}

func name(text string) error {
	if errs := validation.IsDNS1123Subdomain(text); len(errs) > 0 {
		return fmt.Errorf("name %q: %v", text, errs)
	}
	return nil
}

func features(rule *nfdv1alpha1.NodeFeatureRule) error {
	worker := source.GetFeatureSource(local.Name)
	if err := worker.Discover(); err != nil {
		return err
	}
	found := worker.GetFeatures()
	all := nfdv1alpha1.NewFeatures()
	// As the worker sends them: below the source's name.
	for key, value := range found.Attributes {
		all.Attributes[local.Name+"."+key] = value
	}
	out := result{
		Features: found.Attributes[local.RawFeature].Elements,
		Labels:   map[string]string{},
		Refused:  map[string]string{},
	}
	for key, value := range found.Attributes[local.LabelFeature].Elements {
		if err := validate.Label(key, value); err != nil {
			out.Refused[key] = err.Error()
		} else {
			out.Labels[key] = value
		}
	}
	for i := range rule.Spec.Rules {
		made, err := nodefeaturerule.Execute(&rule.Spec.Rules[i], all, true)
		if err != nil {
			return err
		}
		if made.Labels == nil {
			made.Labels = map[string]string{}
		}
		out.Rules = append(out.Rules, made.Labels)
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}
