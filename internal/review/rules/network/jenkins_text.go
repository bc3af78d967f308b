package network

import (
	"encoding/xml"
	"strings"
)

// openJenkins reads Jenkins' own configuration, config.xml: what its elements right below the root say of security.
func openJenkins(text string) (found []consoleLine) {
	decoder := xml.NewDecoder(strings.NewReader(strings.Replace(text, "<?xml version='1.1'", "<?xml version='1.0'", 1))) // which Go reads alike
	var above []string
	for {
		token, err := decoder.Token()
		if err != nil {
			return found // at the end, or where it is no XML
		}
		line, _ := decoder.InputPos()
		switch t := token.(type) {
		case xml.StartElement:
			above = append(above, t.Name.Local)
			if len(above) == 2 && above[0] == "hudson" && above[1] == "authorizationStrategy" && len(t.Attr) > 0 && strings.HasSuffix(t.Attr[0].Value, "$Unsecured") {
				found = append(found, consoleLine{line, jenkinsUnsecured})
			}
		case xml.EndElement:
			above = above[:len(above)-1]
		case xml.CharData:
			if above != nil && strings.TrimSpace(string(t)) == "false" {
				switch strings.Join(above[:min(len(above), 4)], "/") {
				case "hudson/useSecurity":
					found = append(found, consoleLine{line, jenkinsUnsecured})
				case "hudson/securityRealm/disableSignup":
					found = append(found, consoleLine{line, jenkinsSignUp})
				}
			}
		}
	}
}

// openGroovy reads a script that sets Jenkins up when it starts, line by line.
func openGroovy(text string) (found []consoleLine) {
	for n, line := range strings.Split(text, "\n") {
		code := strings.ReplaceAll(strings.TrimSpace(line), " ", "")
		switch {
		case strings.HasPrefix(code, "//") || strings.HasPrefix(code, "*"):
		case strings.Contains(code, "AuthorizationStrategy.Unsecured(") || strings.Contains(code, "AuthorizationStrategy.UNSECURED"):
			found = append(found, consoleLine{n + 1, jenkinsUnsecured})
		case strings.Contains(code, "newHudsonPrivateSecurityRealm(true"):
			found = append(found, consoleLine{n + 1, jenkinsSignUp})
		}
	}
	return found
}
